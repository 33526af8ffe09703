-- Removes a stored sound, and tells every controller; no row when there is none.
WITH removed AS (
    DELETE FROM sounds WHERE license_key = $1 AND sound_id = $2 RETURNING sound_id
)
SELECT sound_id, pg_notify('ringpost_sounds', $3) FROM removed
