-- A link is used: it is gone, and gives its person if it was in time.
WITH used AS (DELETE FROM console_links WHERE token = :token RETURNING person_id, expires_at)
SELECT person_id, name, role, license_key, language, password
FROM used JOIN console_people USING (person_id)
WHERE expires_at > now() AND disabled_at IS NULL
