-- The message of a token's hash.
SELECT queue_id, license_key, reference, expires_at, expires_at <= now() AS expired FROM dialer_messages WHERE token_hash = $1
