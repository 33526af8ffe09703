-- Gives a number to a key unless it was given already, and tells every controller; no row when somebody was faster.
WITH assigned AS (
    INSERT INTO did_grants (number, license_key) VALUES ($1, $2)
    ON CONFLICT (number) DO UPDATE SET license_key = EXCLUDED.license_key, granted_at = now()
    WHERE did_grants.license_key IS NULL
    RETURNING number
)
SELECT number, pg_notify('did_grants', number) FROM assigned
