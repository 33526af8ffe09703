-- A step of a walk through all audio of sounds: what no sound is made of, and was not stored for so many seconds; gives how
-- many were looked at. After the last the walk begins anew.
WITH looked AS (
    SELECT content_hash
    FROM sound_audio, retention_marks AS mark
    WHERE mark.name = 'sound_audio' AND content_hash > mark.place
    ORDER BY content_hash
    LIMIT $2
), gone AS (
    DELETE FROM sound_audio USING looked
    WHERE sound_audio.content_hash = looked.content_hash
      AND sound_audio.stored_at < now() - make_interval(secs => $1)
      AND NOT EXISTS (SELECT FROM sounds WHERE sounds.content_hash = sound_audio.content_hash)
), moved AS (
    UPDATE retention_marks
    SET place = coalesce((SELECT content_hash FROM looked ORDER BY content_hash DESC OFFSET $2 - 1 LIMIT 1), '')
    WHERE name = 'sound_audio'
)
SELECT count(*) FROM looked
