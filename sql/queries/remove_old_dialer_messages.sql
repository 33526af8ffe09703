-- One step of the retention: messages of the Dialer whose tokens expired so long ago; gives how many went.
WITH old AS (
    SELECT token_hash FROM dialer_messages
    WHERE expires_at < now() - make_interval(secs => $1) ORDER BY expires_at LIMIT $2
), gone AS (
    DELETE FROM dialer_messages USING old WHERE dialer_messages.token_hash = old.token_hash RETURNING 1
)
SELECT count(*) FROM gone
