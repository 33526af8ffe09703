-- A step of the retention: sounds that callers recorded, and that were not played for so many seconds; the controllers are
-- told. Gives how many went. Their audio leaves with remove_unused_audio.
WITH old AS (
    SELECT license_key, sound_id FROM sounds
    WHERE recorded AND used_at < now() - make_interval(secs => $1)
    ORDER BY used_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM sounds USING old
    WHERE sounds.license_key = old.license_key AND sounds.sound_id = old.sound_id
    RETURNING sounds.license_key, sounds.sound_id
), told AS (
    SELECT pg_notify('ringpost_sounds', json_build_array(license_key, sound_id)::text) FROM gone
)
SELECT count(pg_notify) FROM told
