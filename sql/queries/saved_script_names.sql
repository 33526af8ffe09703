-- The names of a key's scripts.
SELECT name FROM saved_scripts WHERE license_key = $1 ORDER BY lower(name)
