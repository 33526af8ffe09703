-- Calls for a person to read, newest first: of a number, of a key, since a time, only those in progress; or one.
SELECT queue_id, direction, license_key, our_number, their_number, started_at, answered_at, ended_at, end_reason, response_code,
       tries, due_at, dialled_at
FROM calls
WHERE ($1::bigint IS NULL OR queue_id = $1)
  AND ($2::text IS NULL OR our_number = $2 OR their_number = $2)
  AND ($3::text IS NULL OR license_key = $3)
  AND ($4::timestamptz IS NULL OR started_at >= $4)
  AND (NOT $5::boolean OR ended_at IS NULL)
ORDER BY started_at DESC, queue_id DESC
LIMIT $6
