-- Every name that a licence key has had, with the one under which the store knows it.
SELECT name, stored_name FROM license_keys
