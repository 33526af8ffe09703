-- A new list, in another one of the same key (0: in none); no row when that one is not there.
INSERT INTO call_lists (license_key, name, parent_id)
SELECT $1, $2, nullif($3, 0)
WHERE $3 = 0 OR EXISTS (SELECT FROM call_lists WHERE license_key = $1 AND list_id = $3)
RETURNING list_id
