-- A number opts out of a key's texts; gives it unless it had before.
WITH new AS (
    INSERT INTO opt_outs (license_key, number, did, body, source)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING
    RETURNING *
), noted AS (
    INSERT INTO opt_out_changes (license_key, number, opted_out, did, body, source)
    SELECT license_key, number, true, did, body, source FROM new
)
SELECT number FROM new
