-- The script of a name.
SELECT source FROM saved_scripts WHERE license_key = $1 AND lower(name) = lower($2)
