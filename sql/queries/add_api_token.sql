-- A new token of a key, or of the operator (no key), unless there are as many as there may be; gives its number.
INSERT INTO api_tokens (license_key, name, digest, scopes, made_by)
SELECT :license_key, :name, :digest, :scopes, :made_by
WHERE (SELECT count(*) FROM api_tokens WHERE license_key IS NOT DISTINCT FROM :license_key) < :most
RETURNING token_id
