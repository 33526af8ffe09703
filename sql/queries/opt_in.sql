-- A number takes a key's texts again; gives it if it had opted out.
WITH gone AS (
    DELETE FROM opt_outs WHERE license_key = $1 AND number = $2 RETURNING license_key, number
), noted AS (
    INSERT INTO opt_out_changes (license_key, number, opted_out, did, body, source)
    SELECT license_key, number, false, $3, $4, $5 FROM gone
)
SELECT number FROM gone
