-- All lists of a key.
SELECT list_id, coalesce(parent_id, 0) AS parent_id, name FROM call_lists WHERE license_key = $1 ORDER BY list_id
