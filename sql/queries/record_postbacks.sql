-- What came of a batch of attempts: each noted; the delivered and the given-up leave the outbox, the others get a new
-- time, and what waited behind a delivered one is due. Gives how many became due.
WITH results AS (
    SELECT *
    FROM unnest($2::bigint[], $3::text[], $4::double precision[], $5::timestamptz[], $6::real[], $7::smallint[],
                $8::text[])
         AS result (number, outcome, delay, at, seconds, status, reason)
), noted AS (
    INSERT INTO postback_attempts (postback, at, seconds, status, delivered, reason)
    SELECT number, at, seconds, status, outcome = 'delivered', reason FROM results WHERE at IS NOT NULL
), finished AS (
    DELETE FROM postback_outbox USING results
    WHERE postback_outbox.number = results.number AND results.outcome IN ('delivered', 'failed')
    RETURNING postback_outbox.number, postback_outbox.subject, results.outcome, results.reason
), given_up AS (
    INSERT INTO postback_failures (number, failed_at, reason)
    SELECT number, now(), reason FROM finished WHERE outcome = 'failed'
    ON CONFLICT (number) DO NOTHING
), retried AS (
    UPDATE postback_outbox
    SET due_at = now() + make_interval(secs => results.delay), lease = NULL, leased_until = NULL,
        parked = results.outcome = 'parked', tries = tries + (results.outcome = 'retry')::integer
    FROM results
    WHERE postback_outbox.number = results.number AND results.outcome IN ('retry', 'parked', 'held')
      AND postback_outbox.lease = $1
), freed AS (
    UPDATE postback_outbox
    SET due_at = now(), parked = false
    FROM finished
    WHERE postback_outbox.subject = finished.subject AND parked
      AND postback_outbox.number NOT IN (SELECT number FROM results)
    RETURNING 1
)
SELECT count(*) FROM freed
