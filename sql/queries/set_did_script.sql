-- Sets what answers a number, and tells every controller.
WITH script AS (
    INSERT INTO did_grants (number, script_key, script) VALUES ($1, $2, $3)
    ON CONFLICT (number) DO UPDATE SET script_key = EXCLUDED.script_key, script = EXCLUDED.script, granted_at = now()
    RETURNING number
)
SELECT pg_notify('did_grants', number) FROM script
