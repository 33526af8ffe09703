-- One step of the retention: first answers whose day is over; gives how many went.
WITH old AS (
    SELECT license_key, idempotency_key FROM kept_answers
    WHERE at < now() - make_interval(secs => $1) ORDER BY at LIMIT $2
), gone AS (
    DELETE FROM kept_answers USING old
    WHERE (kept_answers.license_key, kept_answers.idempotency_key) = (old.license_key, old.idempotency_key)
    RETURNING 1
)
SELECT count(*) FROM gone
