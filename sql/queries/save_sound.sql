-- A recorded or uploaded sound; a newer one takes the place of the older under the same id.
INSERT INTO sounds (license_key, sound_id, content_hash, seconds)
VALUES ($1, $2, $3, $4)
ON CONFLICT (license_key, sound_id) DO UPDATE
SET content_hash = EXCLUDED.content_hash, seconds = EXCLUDED.seconds, stored_at = now()
