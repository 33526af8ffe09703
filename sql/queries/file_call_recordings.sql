-- Files the stored audio of recorded calls that no recording is made of yet. Gives how many.
WITH filed AS (
    INSERT INTO call_recordings (license_key, sound_id, account, queue_id, direction, destination, seconds, recorded_at)
    SELECT sound.license_key, sound.sound_id,
           CASE WHEN split_part(sound.sound_id, '/', 2) = '-' THEN '' ELSE split_part(sound.sound_id, '/', 2) END,
           of_call.queue_id,
           CASE WHEN split_part(sound.sound_id, '/', 3) = 'in' THEN 'incoming' ELSE 'outgoing' END,
           coalesce(CASE WHEN calls.direction = 'incoming' THEN calls.our_number ELSE calls.their_number END, ''),
           sound.seconds, sound.stored_at
    FROM sounds AS sound
    CROSS JOIN LATERAL (
        SELECT split_part(split_part(sound.sound_id, '/', 4), '-', 1)::bigint AS queue_id
    ) AS of_call
    LEFT JOIN calls ON calls.queue_id = of_call.queue_id
    WHERE sound.sound_id LIKE 'call-recording/%'
      AND sound.sound_id ~ '^call-recording/[^/]+/(in|out)/[0-9]{1,18}-[a-z0-9]+$'
      AND NOT EXISTS (
          SELECT FROM call_recordings AS known
          WHERE known.license_key = sound.license_key AND known.sound_id = sound.sound_id
      )
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM filed
