-- A post-back once more, to another URL: a new row under an id of its own ($2), so that the first keeps its history and its
-- receiver can tell the two apart. Gives 0 for an unknown id.
WITH new AS (
    INSERT INTO postbacks (id, subject, sequence, event, final, license_key, url, lane, body)
    SELECT $2, subject, sequence, event, final, license_key, $3, $4, body FROM postbacks WHERE id = $1
    RETURNING number, lane, subject, sequence, created_at
), reopened AS (
    DELETE FROM postback_stops WHERE url = $3
), queued AS (
    INSERT INTO postback_outbox (number, lane, subject, sequence, created_at, due_at)
    SELECT number, lane, subject, sequence, created_at, clock_timestamp() FROM new
)
SELECT count(*), pg_notify('ringpost_postbacks', '') FROM new
