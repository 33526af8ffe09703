-- The versions of a script, the newest first.
SELECT id, saved_at, saved_by, source FROM script_versions
WHERE license_key = $1 AND place = $2 || lower($3) ORDER BY id DESC
