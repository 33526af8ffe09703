-- A script under a name; an older one of that name, in whatever case, is replaced, and stays among its newest 50 versions.
WITH latest AS (
    SELECT source FROM script_versions
    WHERE license_key = $1 AND place = 'name:' || lower($2) ORDER BY id DESC LIMIT 1
), version AS (
    INSERT INTO script_versions (license_key, place, source, saved_by)
    SELECT $1, 'name:' || lower($2), $3, $4 WHERE NOT EXISTS (SELECT FROM latest WHERE source = $3)
), oldest AS (
    DELETE FROM script_versions WHERE id IN (
        SELECT id FROM script_versions
        WHERE license_key = $1 AND place = 'name:' || lower($2) ORDER BY id DESC OFFSET 49
    )
)
INSERT INTO saved_scripts (license_key, name, source)
VALUES ($1, $2, $3)
ON CONFLICT (license_key, lower(name)) DO UPDATE SET name = EXCLUDED.name, source = EXCLUDED.source, saved_at = now()
