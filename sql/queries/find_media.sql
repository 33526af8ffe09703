-- A key's files, the newest first; each NULL is no condition.
SELECT media_id, token, file_name, mime_type, tags, octet_length(content) AS size, at
FROM media
WHERE license_key = $1
  AND ($2::bigint IS NULL OR media_id = $2)
  AND ($3::text IS NULL OR file_name ILIKE $3)
  AND ($4::bigint IS NULL OR octet_length(content) >= $4)
  AND ($5::bigint IS NULL OR octet_length(content) <= $5)
  AND ($6::timestamptz IS NULL OR at >= $6)
  AND ($7::timestamptz IS NULL OR at <= $7)
  AND tags @> $8::text[]
  AND ($9::uuid IS NULL OR EXISTS (
      SELECT FROM media_in_texts WHERE media_in_texts.media_id = media.media_id AND text_id = $9))
ORDER BY at DESC, media_id DESC
LIMIT $10 OFFSET $11
