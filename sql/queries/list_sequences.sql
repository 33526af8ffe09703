-- How far each sequence of numbers has come: what it gave last, and whether it gave that already.
SELECT pg_sequences.sequencename::text AS name, coalesce(last_value, start_value) AS value, last_value IS NOT NULL AS given
FROM pg_sequences
WHERE schemaname = current_schema()
ORDER BY name
