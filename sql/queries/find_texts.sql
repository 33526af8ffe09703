-- Texts that fit, the newest first; each condition counts unless it is null.
SELECT * FROM texts
WHERE ($1::text IS NULL OR license_key = $1)
  AND ($2::text IS NULL OR (CASE direction WHEN 'outgoing' THEN recipient ELSE sender END) = $2)
  AND ($3::text IS NULL OR (CASE direction WHEN 'outgoing' THEN sender ELSE recipient END) = $3)
  AND ($4::text IS NULL OR direction = $4)
  AND ($5::text[] IS NULL OR state = ANY ($5))
  AND ($6::timestamptz IS NULL OR queued_at >= $6)
  AND ($7::timestamptz IS NULL OR queued_at < $7)
  AND ($8::boolean IS NULL OR (read_at IS NULL) = $8)
  AND ($9::text IS NULL OR reference_id = $9)
  AND ($10::uuid IS NULL OR matched_text_id = $10)
ORDER BY queued_at DESC, text_id
LIMIT $11 OFFSET $12
