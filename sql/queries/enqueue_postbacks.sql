-- Post-backs of a state change, in its transaction; one that is there already, delivered or not, stays as it is.
WITH new AS (
    INSERT INTO postbacks (id, subject, sequence, event, final, license_key, url, lane, body)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::boolean[], $6::text[], $7::text[],
                         $8::text[], $9::text[])
    ON CONFLICT (id) DO NOTHING
    RETURNING number, lane, subject, sequence, created_at
), queued AS (
    INSERT INTO postback_outbox (number, lane, subject, sequence, created_at, due_at)
    SELECT number, lane, subject, sequence, created_at, clock_timestamp() FROM new
)
SELECT pg_notify('ringpost_postbacks', '')
