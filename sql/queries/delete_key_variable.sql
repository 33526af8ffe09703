-- Deletes a variable of a licence key.
DELETE FROM key_variables WHERE license_key = $1 AND lower(name) = lower($2)
