-- Post-backs of a state change, in its transaction; one that is there already, delivered or not, stays as it is.
WITH new AS (
    INSERT INTO postbacks (id, subject, sequence, event, final, license_key, url, lane, body)
    SELECT * FROM unnest(:id::uuid[], :subject::text[], :sequence::integer[], :event::text[], :final::boolean[],
                         :license_key::text[], :url::text[], :lane::text[], :body::text[])
    ON CONFLICT (id) DO NOTHING
    RETURNING number, lane, subject, sequence, created_at
), queued AS (
    INSERT INTO postback_outbox (number, lane, subject, sequence, created_at, due_at)
    SELECT number, lane, subject, sequence, created_at, clock_timestamp() FROM new
)
SELECT pg_notify('ringpost_postbacks', '')
