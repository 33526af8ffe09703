-- What came of a batch of attempts: each noted; the delivered and the given-up leave the outbox, the others get a new
-- time, and what waited behind a delivered one is due. Gives how many became due. An attempt that is noted already, by a commit
-- of which the answer was lost, changes nothing.
WITH results AS (
    SELECT *
    FROM unnest(:result_number::bigint[], :result_outcome::text[], :result_delay::double precision[],
                :result_at::timestamptz[], :result_seconds::real[], :result_status::smallint[], :result_reason::text[])
         AS result (number, outcome, delay, at, seconds, status, reason)
), noted AS (
    INSERT INTO postback_attempts (postback, at, seconds, status, delivered, reason)
    SELECT number, at, seconds, status, outcome = 'delivered', reason FROM results WHERE at IS NOT NULL
    ON CONFLICT (postback, at) DO NOTHING
    RETURNING postback
), fresh AS (
    SELECT * FROM results WHERE at IS NULL OR number IN (SELECT postback FROM noted)
), finished AS (
    DELETE FROM postback_outbox USING fresh
    WHERE postback_outbox.number = fresh.number AND fresh.outcome IN ('delivered', 'failed')
    RETURNING postback_outbox.number, postback_outbox.subject, fresh.outcome, fresh.reason
), given_up AS (
    INSERT INTO postback_failures (number, failed_at, reason)
    SELECT number, now(), reason FROM finished WHERE outcome = 'failed'
    ON CONFLICT (number) DO NOTHING
), retried AS (
    UPDATE postback_outbox
    SET due_at = now() + make_interval(secs => fresh.delay), lease = NULL, leased_until = NULL,
        parked = fresh.outcome = 'parked', tries = tries + (fresh.outcome = 'retry')::integer
    FROM fresh
    WHERE postback_outbox.number = fresh.number AND fresh.outcome IN ('retry', 'parked', 'held')
      AND postback_outbox.lease = :lease
), freed AS (
    UPDATE postback_outbox
    SET due_at = now(), parked = false
    FROM finished
    WHERE postback_outbox.subject = finished.subject AND parked
      AND postback_outbox.number NOT IN (SELECT number FROM results)
    RETURNING 1
)
SELECT count(*) FROM freed
