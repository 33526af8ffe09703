-- What revoking a licence key does from now on, for those that were revoked before: nobody who gets a key of such a name
-- later gets its people and tokens.

UPDATE console_people SET disabled_at = now() FROM stored_keys
WHERE license_key = stored_keys.name AND revoked_at IS NOT NULL AND disabled_at IS NULL;

DELETE FROM console_sessions USING console_people
WHERE console_sessions.person_id = console_people.person_id AND disabled_at IS NOT NULL;

DELETE FROM console_links USING console_people
WHERE console_links.person_id = console_people.person_id AND disabled_at IS NOT NULL;

DELETE FROM api_tokens USING stored_keys WHERE license_key = stored_keys.name AND revoked_at IS NOT NULL;
