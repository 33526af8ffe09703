-- Ends the use of a licence key, and tells every controller; no row when there is none that is in use.
WITH revoked AS (
    UPDATE stored_keys SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING name
)
SELECT name, pg_notify('stored_keys', name) FROM revoked
