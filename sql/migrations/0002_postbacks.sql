-- Post-backs: what was or will be told to the customers' URLs, what is still to be delivered, and each attempt.

-- What is to be told. Never changed after it was written, so that a busy table needs no cleaning.
CREATE TABLE postbacks (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id           uuid NOT NULL UNIQUE,          -- the same at every attempt: webhook-id
    subject      text NOT NULL,                 -- "call:1000000001"
    sequence     integer NOT NULL,              -- rises within a subject
    event        text NOT NULL,                 -- "call.answered"
    final        boolean NOT NULL,              -- whether the subject's last
    license_key  text NOT NULL,                 -- its name in the admin YAML
    url          text NOT NULL,
    lane         text NOT NULL,                 -- scheme, host and port of the URL: what limits are about
    body         text NOT NULL,                 -- application/x-www-form-urlencoded
    created_at   timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);

CREATE INDEX postbacks_by_subject ON postbacks (subject, sequence);
CREATE INDEX postbacks_by_time ON postbacks (created_at);

-- What waits to be delivered, and nothing else, so that it stays small.
-- A row taken by a process has its due time moved to the end of the lease: a process that died costs only time.
CREATE TABLE postback_outbox (
    number       bigint PRIMARY KEY,             -- postbacks.number; no foreign key: its row locks would double the writes
    lane         text NOT NULL,
    subject      text NOT NULL,
    sequence     integer NOT NULL,
    created_at   timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    tries        integer NOT NULL DEFAULT 0,     -- attempts that were recorded, since the last replay
    parked       boolean NOT NULL DEFAULT false, -- waits behind an earlier one of its subject
    lease        uuid,                           -- which process delivers it now
    leased_until timestamptz
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000);

CREATE INDEX postback_outbox_due ON postback_outbox (lane, due_at, sequence);
CREATE INDEX postback_outbox_order ON postback_outbox (subject, sequence);

-- What was given up. A post-back that is neither here nor in the outbox was delivered.
CREATE TABLE postback_failures (
    number     bigint PRIMARY KEY,               -- postbacks.number
    failed_at  timestamptz NOT NULL,
    reason     text NOT NULL
);

CREATE INDEX postback_failures_by_time ON postback_failures (failed_at);

CREATE TABLE postback_attempts (
    postback    bigint NOT NULL,                -- postbacks.number; no foreign key, as above
    at          timestamptz NOT NULL,           -- when it began
    seconds     real NOT NULL,
    status      smallint,                       -- the HTTP status, if there was an answer
    delivered   boolean NOT NULL,
    reason      text NOT NULL DEFAULT ''        -- of a failure, in people's words
);

CREATE INDEX postback_attempts_of ON postback_attempts (postback, at);

-- URLs whose receiver answered 410 Gone: nothing is sent there until somebody replays one of their post-backs.
CREATE TABLE postback_stops (
    url         text PRIMARY KEY,
    stopped_at  timestamptz NOT NULL
);
