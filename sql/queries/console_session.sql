-- Whose session this is, if it is not too old; that it is used is noted once a minute.
WITH found AS (
    SELECT token, used_at, person_id, name, role, license_key, language
    FROM console_sessions JOIN console_people USING (person_id)
    WHERE token = :token AND disabled_at IS NULL
      AND used_at > now() - make_interval(secs => :idle_seconds)
      AND started_at > now() - make_interval(secs => :longest_seconds)
), noted AS (
    UPDATE console_sessions SET used_at = now() FROM found
    WHERE console_sessions.token = found.token AND found.used_at < now() - interval '1 minute'
)
SELECT person_id, name, role, license_key, language FROM found
