-- Deletes a list with the lists in it and all their members.
DELETE FROM call_lists WHERE license_key = $1 AND list_id = $2 RETURNING list_id
