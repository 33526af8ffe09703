-- Opt-outs that were kept elsewhere; gives how many are new here.
WITH new AS (
    INSERT INTO opt_outs (license_key, number, at, did, body, source)
    SELECT DISTINCT ON (license_key, number) license_key, number, coalesce(at, now()), did, body, source
    FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
         AS new (license_key, number, at, did, body, source)
    ORDER BY license_key, number, at
    ON CONFLICT DO NOTHING
    RETURNING *
), noted AS (
    INSERT INTO opt_out_changes (license_key, number, opted_out, did, body, source)
    SELECT license_key, number, true, did, body, source FROM new
)
SELECT count(*) FROM new
