-- Takes a member off a list; no row when the key has no such member.
DELETE FROM call_list_members USING call_lists
WHERE call_lists.list_id = call_list_members.list_id AND license_key = $1 AND member_id = $2
RETURNING member_id
