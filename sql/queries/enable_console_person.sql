-- A person who was disabled is let into the console again. Gives the id, none for a name that is not disabled.
UPDATE console_people SET disabled_at = NULL WHERE lower(name) = lower(:name) AND disabled_at IS NOT NULL
RETURNING person_id
