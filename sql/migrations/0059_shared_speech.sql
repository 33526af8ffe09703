-- Rendered speech that controllers share: what one has rendered ahead, the others fetch. It can all be made again: it
-- is not written ahead to disk, and a crash of PostgreSQL empties it.
CREATE UNLOGGED TABLE shared_speech (
    key text PRIMARY KEY CHECK (key ~ '^[0-9a-f]{64}$'),
    wav bytea NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE shared_speech ALTER COLUMN wav SET STORAGE EXTERNAL;
CREATE INDEX shared_speech_used_at ON shared_speech (used_at);
