-- One stored sound of a licence key.
SELECT content_hash, seconds FROM sounds WHERE license_key = $1 AND sound_id = $2
