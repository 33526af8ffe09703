-- A variable of a licence key.
INSERT INTO key_variables (license_key, name, value)
VALUES ($1, $2, $3)
ON CONFLICT (license_key, lower(name)) DO UPDATE SET name = EXCLUDED.name, value = EXCLUDED.value, saved_at = now()
