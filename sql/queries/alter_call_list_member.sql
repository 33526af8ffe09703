-- What a member of a list becomes; no row when the key has no such member.
UPDATE call_list_members
SET phone_number = $3, client_id = $4, first_name = $5, last_name = $6
FROM call_lists
WHERE call_lists.list_id = call_list_members.list_id AND license_key = $1 AND member_id = $2
RETURNING member_id
