-- A step of the replay of what was given up in a period: some rows at a time, so that nothing is locked for long.
WITH chosen AS (
    SELECT postbacks.number, url, lane, subject, sequence
    FROM postback_failures JOIN postbacks ON postbacks.number = postback_failures.number
    WHERE failed_at >= $1 AND failed_at < $2 AND ($3::text IS NULL OR license_key = $3)
    ORDER BY failed_at
    LIMIT $4
    FOR UPDATE OF postback_failures SKIP LOCKED
), forgiven AS (
    DELETE FROM postback_failures USING chosen WHERE postback_failures.number = chosen.number
), reopened AS (
    DELETE FROM postback_stops WHERE url IN (SELECT url FROM chosen)
), queued AS (
    INSERT INTO postback_outbox (number, lane, subject, sequence, created_at, due_at)
    SELECT number, lane, subject, sequence, now(), now() FROM chosen
    ON CONFLICT (number) DO NOTHING
)
SELECT count(*), pg_notify('ringpost_postbacks', '') FROM chosen
