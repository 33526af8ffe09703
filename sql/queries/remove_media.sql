-- Removes a key's file.
DELETE FROM media WHERE license_key = $1 AND media_id = $2 RETURNING media_id
