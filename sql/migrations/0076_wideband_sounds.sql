-- Sounds and rendered speech at 16 kHz beside those at 8 kHz, for calls that carry it; empty where there is no more to
-- be heard. What was stored before stays as it is.
ALTER TABLE sound_audio ADD COLUMN wide bytea NOT NULL DEFAULT '';
ALTER TABLE sound_audio ALTER COLUMN wide SET STORAGE EXTERNAL;
ALTER TABLE shared_speech ADD COLUMN wide bytea NOT NULL DEFAULT '';
ALTER TABLE shared_speech ALTER COLUMN wide SET STORAGE EXTERNAL;
