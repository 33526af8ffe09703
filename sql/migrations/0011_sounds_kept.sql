-- Stored sounds: their audio is in the store, so that every controller can play them; those that callers recorded are kept
-- for a period of their own after their last use, uploaded ones for ever.

ALTER TABLE sounds
    ADD COLUMN recorded  boolean NOT NULL DEFAULT true,          -- by a caller; until now nothing else could make one
    ADD COLUMN used_at   timestamptz NOT NULL DEFAULT now();     -- played last, or made
ALTER TABLE sounds ALTER COLUMN recorded DROP DEFAULT;

CREATE INDEX sounds_by_use ON sounds (used_at);
CREATE INDEX sounds_by_content ON sounds (content_hash);

-- The WAV of each content; rows of sounds may share one. Sounds of before are in the media folder of their controller only.
CREATE TABLE sound_audio (
    content_hash  text PRIMARY KEY,
    wav           bytea NOT NULL,
    stored_at     timestamptz NOT NULL DEFAULT now()             -- last: young audio without a sound is about to get one
);
