-- Takes a token of a key, or of the operator (no key), back; gives its name.
DELETE FROM api_tokens WHERE license_key IS NOT DISTINCT FROM :license_key AND token_id = :token_id RETURNING name
