-- The calls of a key that began in a period and are over, the newest first.
SELECT queue_id, direction, our_number, their_number, route, response_code, started_at, answered_at, ended_at
FROM calls
WHERE license_key = $1 AND started_at >= $2 AND started_at < $3 AND ended_at IS NOT NULL
  AND ($4::text IS NULL OR direction = $4)
  AND ($5::text IS NULL OR our_number = $5)
ORDER BY started_at DESC, queue_id DESC
LIMIT $6
