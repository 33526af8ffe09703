-- The ids of a key's stored sounds.
SELECT sound_id FROM sounds WHERE license_key = $1 ORDER BY sound_id
