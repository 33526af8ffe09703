-- Every stored sound, read once at the start: a prompt must not cost a query.
SELECT license_key, sound_id, content_hash, seconds FROM sounds
