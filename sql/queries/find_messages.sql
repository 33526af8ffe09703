-- A key's messages that have a number and were not deleted, the newest first; each condition counts unless it is null.
SELECT * FROM texts
WHERE license_key = $1 AND number IS NOT NULL AND NOT hidden
  AND ($2::bigint IS NULL OR number = $2)
  AND ($3::boolean IS NULL OR mms = $3)
  AND ($4::text IS NULL OR direction = $4)
  AND ($5::text IS NULL OR (CASE direction WHEN 'outgoing' THEN sender ELSE recipient END) = $5)
  AND ($6::text IS NULL OR (CASE direction WHEN 'outgoing' THEN recipient ELSE sender END) = $6)
  AND ($7::timestamptz IS NULL OR queued_at >= $7)
  AND ($8::timestamptz IS NULL OR queued_at < $8)
ORDER BY queued_at DESC, number DESC
LIMIT $9
