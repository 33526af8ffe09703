-- The stored sounds that were used last, so many at most, the newest first: what a controller knows in memory.
SELECT license_key, sound_id, content_hash, seconds FROM sounds ORDER BY used_at DESC LIMIT $1
