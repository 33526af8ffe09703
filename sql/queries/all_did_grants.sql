-- Everything that is granted about numbers.
SELECT number, license_key, sms_key, script_key, script, settings_key, settings FROM did_grants
