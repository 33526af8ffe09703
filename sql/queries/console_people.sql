-- Everybody who may log in to the console, by name; disabled ones too.
SELECT person_id, name, role, license_key, language, password <> '' AS has_password, created_at, disabled_at,
       (SELECT max(used_at) FROM console_sessions WHERE console_sessions.person_id = console_people.person_id) AS seen_at
FROM console_people ORDER BY lower(name)
