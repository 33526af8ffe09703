-- The texts that a customer's program sent with its own id, the oldest first.
SELECT * FROM texts
WHERE license_key = $1 AND reference_id = $2 AND reference_id <> '' AND direction = 'outgoing'
ORDER BY queued_at, text_id
LIMIT $3
