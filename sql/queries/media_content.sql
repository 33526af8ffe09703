-- The bytes of a key's file.
SELECT content FROM media WHERE license_key = $1 AND media_id = $2
