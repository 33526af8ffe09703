-- Stores a file, if the key keeps less than 200 MB with it; what is older than a year goes.
WITH old AS (
    DELETE FROM media WHERE media_id IN (
        SELECT media_id FROM media WHERE license_key = $1 AND at < now() - interval '1 year' ORDER BY at LIMIT 20)
)
INSERT INTO media (license_key, token, file_name, mime_type, tags, content)
SELECT $1, $2, $3, $4, $5::text[], $6::bytea
WHERE (SELECT coalesce(sum(octet_length(content)), 0) FROM media WHERE license_key = $1)
      + octet_length($6::bytea) <= 200 * 1024 * 1024
RETURNING media_id, token, file_name, mime_type, tags, octet_length(content) AS size, at
