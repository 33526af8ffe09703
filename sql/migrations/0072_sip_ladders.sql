-- The SIP messages of calls, without credentials and keys, and with masked numbers. One row for each try of a call.

CREATE TABLE sip_ladders (
    queue_id  bigint      NOT NULL,
    kept_at   timestamptz NOT NULL DEFAULT now(),
    messages  jsonb       NOT NULL
);
CREATE INDEX sip_ladders_of_call ON sip_ladders (queue_id, kept_at);
CREATE INDEX sip_ladders_kept ON sip_ladders (kept_at);
