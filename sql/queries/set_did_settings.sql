-- Sets things about a number, beside what was set before, and tells every controller. Those of another key are forgotten.
WITH changed AS (
    INSERT INTO did_grants (number, settings_key, settings) VALUES ($1, $2, $3::jsonb)
    ON CONFLICT (number) DO UPDATE
    SET settings = CASE WHEN did_grants.settings_key = EXCLUDED.settings_key
                        THEN did_grants.settings || EXCLUDED.settings ELSE EXCLUDED.settings END,
        settings_key = EXCLUDED.settings_key
    RETURNING number
)
SELECT pg_notify('did_grants', number) FROM changed
