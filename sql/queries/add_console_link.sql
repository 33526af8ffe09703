-- A link that logs a person in once.
INSERT INTO console_links (token, person_id, expires_at)
VALUES (:token, :person_id, now() + make_interval(secs => :seconds))
