-- Somebody changed something in the console.
INSERT INTO console_audit (person, role, license_key, address, action, subject, before, after)
VALUES (:person, :role, :license_key, :address, :action, :subject, :before, :after)
