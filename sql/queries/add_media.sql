-- Stores a file, if the key keeps less than 200 MB with it.
INSERT INTO media (license_key, token, file_name, mime_type, tags, content)
SELECT $1, $2, $3, $4, $5::text[], $6::bytea
WHERE (SELECT coalesce(sum(octet_length(content)), 0) FROM media WHERE license_key = $1)
      + octet_length($6::bytea) <= 200 * 1024 * 1024
RETURNING media_id, token, file_name, mime_type, tags, octet_length(content) AS size, at
