-- Limits of calls hold over all controllers: what is counted is here, for whoever places or takes a call.

-- The trunks that the legs of a transfer go through, one entry a leg, as long as there are some: each takes a channel.
ALTER TABLE calls ADD COLUMN transfer_routes text[] NOT NULL DEFAULT '{}';

-- What is in progress is counted by key and by trunk.
DROP INDEX calls_open;
CREATE INDEX calls_open ON calls (license_key, route) WHERE ended_at IS NULL AND due_at IS NULL;

-- When the next call may be dialled through a trunk ("trunk:NAME"), or claimed of a licence key ("key:NAME"). Worth nothing
-- after a crash of the server, which takes longer than any pace.
CREATE UNLOGGED TABLE call_slots (
    scope    text PRIMARY KEY,
    next_at  timestamptz NOT NULL
);

-- Calls that came in a moment ago and that the journal has not stored yet, of keys that may have so many calls at once.
CREATE UNLOGGED TABLE call_admissions (
    queue_id     bigint PRIMARY KEY,
    license_key  text NOT NULL,
    admitted_at  timestamptz NOT NULL
);
