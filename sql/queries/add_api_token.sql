-- A new token of a key, unless the key has as many as it may have; gives its number.
INSERT INTO api_tokens (license_key, name, digest, scopes, made_by)
SELECT :license_key, :name, :digest, :scopes, :made_by
WHERE (SELECT count(*) FROM api_tokens WHERE license_key = :license_key) < :most
RETURNING token_id
