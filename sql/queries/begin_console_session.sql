-- A session begins.
INSERT INTO console_sessions (token, person_id, address) VALUES (:token, :person_id, :address)
