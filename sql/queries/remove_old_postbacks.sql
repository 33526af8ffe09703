-- A step of the retention: some rows that are older than the period and wait for nothing. Gives how many.
WITH old AS (
    SELECT number FROM postbacks
    WHERE created_at < now() - make_interval(secs => $1)
      AND NOT EXISTS (SELECT FROM postback_outbox WHERE postback_outbox.number = postbacks.number)
    ORDER BY created_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
), attempts AS (
    DELETE FROM postback_attempts USING old WHERE postback = old.number
), failures AS (
    DELETE FROM postback_failures USING old WHERE postback_failures.number = old.number
), removed AS (
    DELETE FROM postbacks USING old WHERE postbacks.number = old.number RETURNING 1
)
SELECT count(*) FROM removed
