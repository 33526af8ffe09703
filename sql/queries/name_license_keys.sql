-- Stores under which names licence keys are known here; a name that is known already keeps what it stands for.
INSERT INTO license_keys (name, stored_name)
SELECT name, stored_name FROM unnest(:names::text[], :stored_names::text[]) AS declared (name, stored_name)
ORDER BY name
ON CONFLICT DO NOTHING
