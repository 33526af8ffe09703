-- The members of a list of a key, and of the lists in it where that is wanted.
WITH RECURSIVE list AS (
    SELECT list_id FROM call_lists WHERE license_key = $1 AND list_id = $2
    UNION
    SELECT inner_list.list_id FROM call_lists AS inner_list JOIN list ON inner_list.parent_id = list.list_id WHERE $3
)
SELECT member_id, phone_number, client_id, first_name, last_name
FROM call_list_members JOIN list USING (list_id)
ORDER BY member_id
