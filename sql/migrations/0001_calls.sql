-- Calls, the trace of each, and the programs they run.

-- QueueIDs are handed to the controllers in blocks of 1,000, so that a call needs no query on the way to its answer.
CREATE SEQUENCE queue_id_blocks START WITH 1000000 MINVALUE 1000000;

-- A call goes on with the program it began with, whatever a reload changes meanwhile; so what runs is kept by its hash.
CREATE TABLE programs (
    content_hash text PRIMARY KEY,
    source       text NOT NULL,
    first_used   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE calls (
    queue_id          bigint PRIMARY KEY,
    direction         text NOT NULL CHECK (direction IN ('incoming', 'outgoing')),
    license_key       text NOT NULL,               -- its name in the admin YAML
    did               text NOT NULL,               -- E.164
    caller            text NOT NULL DEFAULT '',    -- E.164 where it is a phone number, else as the network gave it
    channel_id        text NOT NULL,
    program           text NOT NULL,               -- programs.content_hash
    state             jsonb NOT NULL,              -- the engine's, from which a restarted controller goes on
    response_code     integer NOT NULL,
    status_post_url   text NOT NULL DEFAULT '',    -- of the DID or its key; a script may set another (in state)
    sequence          integer NOT NULL DEFAULT 0,  -- of the last post-back
    started_at        timestamptz NOT NULL,
    answered_at       timestamptz,
    ended_at          timestamptz,
    end_reason        text NOT NULL DEFAULT ''
);

CREATE UNIQUE INDEX calls_open_by_channel ON calls (channel_id) WHERE ended_at IS NULL;
CREATE INDEX calls_by_end ON calls (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX calls_by_did ON calls (did, started_at DESC);
CREATE INDEX calls_by_key ON calls (license_key, started_at DESC);

CREATE TABLE call_trace (
    queue_id  bigint NOT NULL,
    number    integer NOT NULL,     -- rises by one within a call
    at        timestamptz NOT NULL,
    event     text NOT NULL,
    fields    jsonb NOT NULL,
    PRIMARY KEY (queue_id, number)
);
