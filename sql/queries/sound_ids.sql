-- The ids of a key's stored sounds, the messages of its mailboxes left out.
SELECT sound_id FROM sounds WHERE license_key = $1 AND sound_id NOT LIKE 'voicemail/%' ORDER BY sound_id
