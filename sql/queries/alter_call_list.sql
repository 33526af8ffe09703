-- Renames and moves a list (-1: not moved, 0: into none); no row when it is not there, or would be in itself.
WITH RECURSIVE within AS (
    SELECT list_id FROM call_lists WHERE license_key = $1 AND list_id = $2
    UNION
    SELECT inner_list.list_id FROM call_lists AS inner_list JOIN within ON inner_list.parent_id = within.list_id
)
UPDATE call_lists
SET name = CASE WHEN $3 = '' THEN name ELSE $3 END,
    parent_id = CASE WHEN $4 = -1 THEN parent_id ELSE nullif($4, 0) END
WHERE license_key = $1 AND list_id = $2
  AND ($4 IN (-1, 0) OR (EXISTS (SELECT FROM call_lists WHERE license_key = $1 AND list_id = $4)
                         AND NOT EXISTS (SELECT FROM within WHERE list_id = $4)))
RETURNING list_id
