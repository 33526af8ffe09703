-- A person is let into the console, unless somebody has the name; gives the id.
INSERT INTO console_people (name, role, license_key) VALUES (:name, :role, :license_key)
ON CONFLICT (lower(name)) DO NOTHING
RETURNING person_id
