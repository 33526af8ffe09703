-- The token of a digest; that it was used is noted once a minute.
WITH known AS (
    SELECT token_id, license_key, name, scopes, made_at, made_by, last_used_at FROM api_tokens WHERE digest = :digest
), used AS (
    UPDATE api_tokens SET last_used_at = now()
    WHERE token_id = (SELECT token_id FROM known)
      AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
)
SELECT * FROM known
