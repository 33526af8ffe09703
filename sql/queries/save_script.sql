-- A script under a name; an older one of that name, in whatever case, is replaced.
INSERT INTO saved_scripts (license_key, name, source)
VALUES ($1, $2, $3)
ON CONFLICT (license_key, lower(name)) DO UPDATE SET name = EXCLUDED.name, source = EXCLUDED.source, saved_at = now()
