-- Deletes a script with its versions; gives its name if there was one.
WITH versions AS (
    DELETE FROM script_versions WHERE license_key = $1 AND place = 'name:' || lower($2)
)
DELETE FROM saved_scripts WHERE license_key = $1 AND lower(name) = lower($2) RETURNING name
