-- Gives a stored sound an id that no other has, and tells every controller; no row when that cannot be.
WITH renamed AS (
    UPDATE sounds SET sound_id = $3
    WHERE license_key = $1 AND sound_id = $2
      AND NOT EXISTS (SELECT FROM sounds WHERE license_key = $1 AND sound_id = $3)
    RETURNING sound_id
)
SELECT sound_id, pg_notify('ringpost_sounds', $4), pg_notify('ringpost_sounds', $5) FROM renamed
