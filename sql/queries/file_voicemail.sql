-- Files what callers left as messages and what no message is made of yet; they are to be mailed now, and the controllers
-- are told, whose phones show them. Gives how many.
WITH filed AS (
    INSERT INTO voicemail_messages (license_key, sound_id, mailbox, queue_id, caller, seconds, left_at, mail_due_at)
    SELECT sound.license_key, sound.sound_id, split_part(sound.sound_id, '/', 2), left_by.queue_id,
           coalesce(calls.their_number, ''), sound.seconds, sound.stored_at, now()
    FROM sounds AS sound
    CROSS JOIN LATERAL (
        SELECT split_part(split_part(sound.sound_id, '/', 3), '-', 1)::bigint AS queue_id
    ) AS left_by
    LEFT JOIN calls ON calls.queue_id = left_by.queue_id
    WHERE sound.sound_id LIKE 'voicemail/%' AND sound.sound_id ~ '^voicemail/[^/]+/[0-9]{1,18}-[0-9]+$'
      AND NOT EXISTS (
          SELECT FROM voicemail_messages AS known
          WHERE known.license_key = sound.license_key AND known.sound_id = sound.sound_id
      )
    ON CONFLICT DO NOTHING
    RETURNING license_key, sound_id
), told AS (
    SELECT pg_notify('ringpost_sounds', json_build_array(license_key, sound_id)::text) FROM filed
)
SELECT count(pg_notify) FROM told
