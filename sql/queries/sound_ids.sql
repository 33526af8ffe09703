-- The ids of a key's stored sounds, the messages of its mailboxes and its recorded calls left out.
SELECT sound_id FROM sounds
WHERE license_key = $1 AND sound_id NOT LIKE 'voicemail/%' AND sound_id NOT LIKE 'call-recording/%'
ORDER BY sound_id
