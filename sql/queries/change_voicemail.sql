-- Puts a message into a folder, and notes whether it was heard; null leaves either. No row when it is gone.
UPDATE voicemail_messages
SET folder = coalesce($3, folder), heard = coalesce($4, heard)
WHERE message_id = $1 AND license_key = $2
RETURNING message_id
