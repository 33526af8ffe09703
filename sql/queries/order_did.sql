-- Gives a number's calls and texts to a key unless it was given already, and tells every controller; no row when somebody
-- was faster. $3: what is set about it.
WITH ordered AS (
    INSERT INTO did_grants (number, license_key, sms_key, settings_key, settings) VALUES ($1, $2, $2, $2, $3::jsonb)
    ON CONFLICT (number) DO UPDATE
    SET license_key = EXCLUDED.license_key, sms_key = EXCLUDED.sms_key, settings_key = EXCLUDED.settings_key,
        settings = EXCLUDED.settings, script_key = NULL, script = NULL, granted_at = now()
    WHERE did_grants.license_key IS NULL AND did_grants.sms_key IS NULL
    RETURNING number
)
SELECT number, pg_notify('did_grants', number) FROM ordered
