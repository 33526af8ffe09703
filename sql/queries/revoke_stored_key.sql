-- Ends the use of a licence key, and tells every controller; no row when there is none that is in use. Its customers'
-- people are let in no more and its tokens are gone: whoever gets a key of this name later does not get those.
WITH revoked AS (
    UPDATE stored_keys SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING name
), people AS (
    UPDATE console_people SET disabled_at = now() FROM revoked
    WHERE license_key = revoked.name AND disabled_at IS NULL
), sessions AS (
    DELETE FROM console_sessions USING console_people, revoked
    WHERE console_sessions.person_id = console_people.person_id AND license_key = revoked.name
), links AS (
    DELETE FROM console_links USING console_people, revoked
    WHERE console_links.person_id = console_people.person_id AND license_key = revoked.name
), tokens AS (
    DELETE FROM api_tokens USING revoked WHERE license_key = revoked.name
)
SELECT name, pg_notify('stored_keys', name) FROM revoked
