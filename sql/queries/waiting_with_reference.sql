-- The outgoing calls of a reference that wait for a try.
SELECT queue_id
FROM calls JOIN notifications USING (queue_id)
WHERE reference_id = $1 AND reference_id <> '' AND license_key = $2 AND due_at IS NOT NULL
ORDER BY queue_id
