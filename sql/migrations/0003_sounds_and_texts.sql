-- Sounds that callers recorded or programs uploaded (those of the admin YAML live in files), and queued texts.

CREATE TABLE sounds (
    license_key   text NOT NULL,             -- its name in the admin YAML
    sound_id      text NOT NULL,             -- lower case
    content_hash  text NOT NULL,             -- of the WAV in the media folder
    seconds       double precision NOT NULL,
    stored_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (license_key, sound_id)
);

CREATE TABLE texts (
    text_id      uuid PRIMARY KEY,
    license_key  text NOT NULL,
    sender       text NOT NULL,              -- a DID of the key, E.164
    recipient    text NOT NULL,              -- E.164
    body         text NOT NULL,
    state        text NOT NULL CHECK (state IN ('queued', 'cancelled')),
    queue_id     bigint,                     -- the call whose script or sequence queued it
    queued_at    timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX texts_queued ON texts (queued_at) WHERE state = 'queued';
