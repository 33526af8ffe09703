-- Puts a message into a folder, and notes whether it was heard; null leaves either. The controllers are told, whose phones
-- show what nobody has heard yet. No row when it is gone.
WITH changed AS (
    UPDATE voicemail_messages
    SET folder = coalesce($3, folder), heard = coalesce($4, heard)
    WHERE message_id = $1 AND license_key = $2
    RETURNING message_id, license_key, sound_id
)
SELECT message_id, pg_notify('ringpost_sounds', json_build_array(license_key, sound_id)::text) FROM changed
