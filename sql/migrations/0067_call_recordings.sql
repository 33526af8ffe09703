-- Recordings of whole calls, which numbers and phones ask for. Their audio is a sound of the licence key, whose id is made
-- of the account, the direction, the call and what was recorded: call-recording/ACCOUNT/in|out/CALL-WHAT. Whatever stores
-- such a sound, the recording is filed from it.

CREATE TABLE call_recordings (
    recording_id  bigint GENERATED ALWAYS AS IDENTITY (START WITH 1001) PRIMARY KEY,
    license_key   text NOT NULL,
    sound_id      text NOT NULL,
    account       text NOT NULL,                     -- the phone, in lower case; empty: the licence key's own number
    queue_id      bigint NOT NULL,
    direction     text NOT NULL CHECK (direction IN ('incoming', 'outgoing')),
    destination   text NOT NULL,                     -- who was called: E.164, or as the network gave it
    seconds       double precision NOT NULL,
    recorded_at   timestamptz NOT NULL,              -- when it was begun
    UNIQUE (license_key, sound_id),
    -- A recording whose audio goes, by retention or by its customer, goes with it.
    FOREIGN KEY (license_key, sound_id) REFERENCES sounds ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE INDEX call_recordings_of ON call_recordings (license_key, recorded_at);
CREATE INDEX sounds_of_call_recordings ON sounds (license_key, sound_id) WHERE sound_id LIKE 'call-recording/%';
