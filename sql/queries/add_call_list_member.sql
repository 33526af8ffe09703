-- A new member of a list; no row when the key has no such list.
INSERT INTO call_list_members (list_id, phone_number, client_id, first_name, last_name)
SELECT list_id, $3, $4, $5, $6 FROM call_lists WHERE license_key = $1 AND list_id = $2
RETURNING member_id
