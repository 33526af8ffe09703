-- Deletes a script; gives its name if there was one.
DELETE FROM saved_scripts WHERE license_key = $1 AND lower(name) = lower($2) RETURNING name
