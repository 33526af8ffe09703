-- A text that a script or sequence sends; the same id twice is the same text.
INSERT INTO texts (text_id, license_key, sender, recipient, body, state, queue_id)
VALUES ($1, $2, $3, $4, $5, 'queued', $6)
ON CONFLICT (text_id) DO NOTHING
