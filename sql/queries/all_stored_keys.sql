-- All licence keys that the operator has made, revoked ones too, in the order in which they were made.
SELECT name, digest, settings, created_at, revoked_at FROM stored_keys ORDER BY created_at, name
