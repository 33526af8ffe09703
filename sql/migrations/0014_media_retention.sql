-- Retention looks for the oldest files of all keys.
CREATE INDEX media_at ON media (at);
