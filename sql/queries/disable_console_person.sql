-- A person is let into the console no more: sessions and links end at once. Gives the id, none for an unknown name.
WITH person AS (
    UPDATE console_people SET disabled_at = now() WHERE lower(name) = lower(:name) AND disabled_at IS NULL
    RETURNING person_id
), sessions AS (
    DELETE FROM console_sessions USING person WHERE console_sessions.person_id = person.person_id
), links AS (
    DELETE FROM console_links USING person WHERE console_links.person_id = person.person_id
)
SELECT person_id FROM person
