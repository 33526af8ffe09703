-- Outgoing calls: what was asked for, and when each is tried.
--
-- An outgoing call is a row of `calls` from the moment it is queued. For it, did is the number that is shown (or empty),
-- caller the number that is dialled, channel_id the channel of the try under way or of the next one.

ALTER TABLE calls
    ADD COLUMN route       text NOT NULL DEFAULT '',     -- the trunk that it goes through; empty: to a phone of ours
    ADD COLUMN tries       integer NOT NULL DEFAULT 0,   -- begun so far
    ADD COLUMN due_at      timestamptz,                  -- when the next try is due; null while none waits
    ADD COLUMN dialled_at  timestamptz;                  -- when the try under way, or the last one, began

-- What waits to be dialled, and nothing else, so that it stays small.
CREATE INDEX calls_due ON calls (license_key, route, due_at, queue_id) WHERE due_at IS NOT NULL;

-- What is in progress, among however many that wait.
CREATE INDEX calls_open ON calls (queue_id) WHERE ended_at IS NULL AND due_at IS NULL;

-- What does not change about an outgoing call, as its key's program asked for it.
CREATE TABLE notifications (
    queue_id          bigint PRIMARY KEY,          -- calls.queue_id
    caller_id_name    text NOT NULL DEFAULT '',
    most_tries        smallint NOT NULL,
    next_try_seconds  integer NOT NULL,            -- from the end of a try to the next one
    max_call_seconds  integer NOT NULL,            -- from the answer; 0: the house's own limit
    reference_id      text NOT NULL DEFAULT ''
);
