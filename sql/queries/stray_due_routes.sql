-- Keys and routes of due outgoing calls that the configuration does not know (any more), a few at a time.
SELECT DISTINCT license_key, route
FROM calls
WHERE due_at <= now() AND NOT (license_key = ANY ($1::text[]) AND route = ANY ($2::text[]))
LIMIT 20
