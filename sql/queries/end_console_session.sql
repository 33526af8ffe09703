-- A session is over.
DELETE FROM console_sessions WHERE token = :token
