-- Whose a call is: the controller that works on it, and the Asterisk that has its channel. So several controllers share one
-- database, and the calls of one that died are closed by another.

CREATE TABLE controllers (
    id            text PRIMARY KEY,                       -- made once for each state directory
    asterisk      text NOT NULL DEFAULT '',               -- the server that it is connected to, or was last
    application   text NOT NULL DEFAULT '',               -- its Stasis application there
    started_at    timestamptz NOT NULL DEFAULT now(),
    steady_since  timestamptz NOT NULL DEFAULT now(),     -- since when no heartbeat was late
    heartbeat_at  timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE calls
    ADD COLUMN controller_id text,                        -- controllers.id; null while nobody has worked on it yet
    ADD COLUMN asterisk      text NOT NULL DEFAULT '';    -- where its channel is; empty where nobody knows

-- Each Asterisk numbers its channels by itself.
DROP INDEX calls_open_by_channel;
CREATE UNIQUE INDEX calls_open_by_channel ON calls (asterisk, channel_id) WHERE ended_at IS NULL;
