-- A recorded or uploaded sound with its audio, made so many seconds ago; it takes the place of an older one of its id, and
-- the other controllers are told. Gives 0 when the one in the store was made later.
WITH audio AS (
    INSERT INTO sound_audio (content_hash, wav, wide)
    VALUES ($3, $7, $9)
    ON CONFLICT (content_hash) DO UPDATE
    SET stored_at = now(), wide = CASE WHEN sound_audio.wide = '' THEN EXCLUDED.wide ELSE sound_audio.wide END
), saved AS (
    INSERT INTO sounds (license_key, sound_id, content_hash, seconds, recorded, stored_at)
    VALUES ($1, $2, $3, $4, $5, now() - make_interval(secs => $6))
    ON CONFLICT (license_key, sound_id) DO UPDATE
    SET content_hash = EXCLUDED.content_hash, seconds = EXCLUDED.seconds, recorded = EXCLUDED.recorded,
        stored_at = EXCLUDED.stored_at, used_at = now()
    WHERE sounds.stored_at <= EXCLUDED.stored_at
    RETURNING 1
), metered AS (
    -- What a caller recorded is used once it is stored; the same recording again is the same.
    INSERT INTO usage_records (record_id, license_key, product, units, at)
    SELECT concat_ws(':', 'recording', $1, $2, $3), $1, 'recording', round($4::double precision)::bigint, now()
    FROM saved WHERE $5
    ON CONFLICT (record_id) DO NOTHING
), told AS (
    SELECT pg_notify('ringpost_sounds', $8) FROM saved
)
SELECT (SELECT count(*) FROM saved) + 0 * (SELECT count(pg_notify) FROM told)
