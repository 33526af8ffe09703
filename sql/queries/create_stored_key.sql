-- Keeps a licence key, and tells every controller; no row when there is or was a key of this name, whose calls and sounds
-- the new one would get. $2: the digest of the key, which no other stored key may have.
WITH named AS (
    INSERT INTO license_keys (name, stored_name) VALUES ($1, $1) ON CONFLICT DO NOTHING RETURNING name
), created AS (
    INSERT INTO stored_keys (name, digest, settings) SELECT name, $2, $3::jsonb FROM named RETURNING name
)
SELECT name, pg_notify('stored_keys', name) FROM created
