-- Takes a token of a key back; gives its name.
DELETE FROM api_tokens WHERE license_key = :license_key AND token_id = :token_id RETURNING name
