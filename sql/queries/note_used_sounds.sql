-- Sounds that were played: the period for which they are kept begins anew.
UPDATE sounds
SET used_at = now()
FROM unnest($1::text[], $2::text[]) AS used (license_key, sound_id)
WHERE sounds.license_key = used.license_key AND sounds.sound_id = used.sound_id
