-- What happened on calls, in order: of those named, or of all when none is named.
SELECT queue_id, number, at, event, fields
FROM call_trace
WHERE $1::bigint[] IS NULL OR queue_id = ANY ($1)
ORDER BY queue_id, number
