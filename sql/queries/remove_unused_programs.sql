-- A step of a walk through all programs: those that no call refers to, and that were not used for so many seconds; gives how
-- many were looked at. After the last the walk begins anew.
WITH looked AS (
    SELECT content_hash, used_at
    FROM programs, retention_marks AS mark
    WHERE mark.name = 'programs' AND content_hash > mark.place
    ORDER BY content_hash
    LIMIT $2
), gone AS (
    DELETE FROM programs USING looked
    WHERE programs.content_hash = looked.content_hash AND programs.used_at < now() - make_interval(secs => $1)
      AND NOT EXISTS (SELECT FROM calls WHERE program = programs.content_hash)
), moved AS (
    UPDATE retention_marks
    SET place = coalesce((SELECT content_hash FROM looked ORDER BY content_hash DESC OFFSET $2 - 1 LIMIT 1), '')
    WHERE name = 'programs'
)
SELECT count(*) FROM looked
