-- The tokens of a key, or of the operator (no key), the newest first.
SELECT token_id, license_key, name, scopes, made_at, made_by, last_used_at
FROM api_tokens WHERE license_key IS NOT DISTINCT FROM :license_key ORDER BY token_id DESC
