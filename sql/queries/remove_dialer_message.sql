-- Forgets a message whose call was not queued.
DELETE FROM dialer_messages WHERE token_hash = $1
