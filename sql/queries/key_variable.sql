-- The value of a variable of a licence key.
SELECT value FROM key_variables WHERE license_key = $1 AND lower(name) = lower($2)
