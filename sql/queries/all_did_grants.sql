-- Everything that is granted about numbers.
SELECT number, license_key, script_key, script FROM did_grants
