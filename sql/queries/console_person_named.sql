-- A person of the console by the log-in name, in any case; not one who is disabled.
SELECT person_id, name, role, license_key, language, password FROM console_people
WHERE lower(name) = lower(:name) AND disabled_at IS NULL
