-- What came of a batch of attempts: each noted; the delivered and the given-up leave the outbox, the others get a new
-- time, and what waited behind a delivered one is due. Gives how many became due, then the rows that somebody else has locked: of
-- these nothing is written, so that all others are not kept waiting. An attempt that is noted already, by a commit of which the
-- answer was lost, changes nothing.
WITH here AS MATERIALIZED (
    SELECT number FROM postback_outbox WHERE number = ANY (:result_number::bigint[])
), ours AS MATERIALIZED (
    SELECT number FROM postback_outbox WHERE number = ANY (:result_number::bigint[]) FOR UPDATE SKIP LOCKED
), held AS MATERIALIZED (
    SELECT number FROM here WHERE number NOT IN (SELECT number FROM ours)
), results AS (
    SELECT *
    FROM unnest(:result_number::bigint[], :result_outcome::text[], :result_delay::double precision[],
                :result_at::timestamptz[], :result_seconds::real[], :result_status::smallint[], :result_reason::text[])
         AS result (number, outcome, delay, at, seconds, status, reason)
    WHERE number NOT IN (SELECT number FROM held)
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
), parked AS MATERIALIZED (
    SELECT postback_outbox.number
    FROM postback_outbox
    WHERE subject IN (SELECT subject FROM finished) AND parked
      AND postback_outbox.number <> ALL (:result_number::bigint[])
    FOR UPDATE SKIP LOCKED
), freed AS (
    UPDATE postback_outbox
    SET due_at = now(), parked = false
    FROM parked
    WHERE postback_outbox.number = parked.number
    RETURNING 1
)
SELECT ARRAY[(SELECT count(*) FROM freed)] || ARRAY(SELECT number FROM held)
