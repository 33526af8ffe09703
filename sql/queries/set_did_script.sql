-- Sets what answers a number, in place of a routing that was set before, keeps it among the newest 50 versions, and tells every controller.
WITH latest AS (
    SELECT source FROM script_versions WHERE license_key = $2 AND place = 'did:' || $1 ORDER BY id DESC LIMIT 1
), version AS (
    INSERT INTO script_versions (license_key, place, source, saved_by)
    SELECT $2, 'did:' || $1, $3, $4 WHERE NOT EXISTS (SELECT FROM latest WHERE source = $3)
), oldest AS (
    DELETE FROM script_versions WHERE id IN (
        SELECT id FROM script_versions WHERE license_key = $2 AND place = 'did:' || $1 ORDER BY id DESC OFFSET 49
    )
), script AS (
    INSERT INTO did_grants (number, script_key, script) VALUES ($1, $2, $3)
    ON CONFLICT (number) DO UPDATE 
        SET script_key = EXCLUDED.script_key, script = EXCLUDED.script, granted_at = now(),
            settings = did_grants.settings - 'routing'
    RETURNING number
)
SELECT pg_notify('did_grants', number) FROM script
