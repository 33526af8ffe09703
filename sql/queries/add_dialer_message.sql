-- Notes a message of the Dialer before its call is queued.
INSERT INTO dialer_messages (token_hash, queue_id, license_key, reference, expires_at)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
