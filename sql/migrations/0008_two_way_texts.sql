-- Two-way texts: what came in and went out, what waits to be sent, who has opted out, and how fast each was sent.
--
-- `sender` and `recipient` are as they stand in the text: of an outgoing one the DID is the sender, of an incoming one the
-- recipient. The id of an incoming text is made from its SIP Call-ID, sender and body, so a copy of it is the same text.

ALTER TABLE texts
    DROP CONSTRAINT texts_state_check,
    ADD COLUMN direction        text NOT NULL DEFAULT 'outgoing' CHECK (direction IN ('incoming', 'outgoing')),
    ADD COLUMN source           text NOT NULL DEFAULT '',         -- api, script, sequence, cli; reply: ours to a keyword
    ADD COLUMN reference_id     text NOT NULL DEFAULT '',         -- of an incoming text: that of the one it answers
    ADD COLUMN status_post_url  text NOT NULL DEFAULT '',
    ADD COLUMN segments         smallint NOT NULL DEFAULT 1,
    ADD COLUMN encoding         text NOT NULL DEFAULT 'gsm-7',
    ADD COLUMN concatenate      boolean NOT NULL DEFAULT true,
    ADD COLUMN transactional    boolean NOT NULL DEFAULT false,   -- quiet hours do not hold it
    ADD COLUMN route            text NOT NULL DEFAULT '',         -- trunk:NAME or phone:NAME
    ADD COLUMN due_at           timestamptz,                      -- when it is sent at the earliest
    ADD COLUMN expires_at       timestamptz,                      -- until when a phone that is away is waited for
    ADD COLUMN tries            smallint NOT NULL DEFAULT 0,      -- how often it was handed over
    ADD COLUMN sent_at          timestamptz,                      -- when it last was
    ADD COLUMN lease            uuid,                             -- which process is sending it
    ADD COLUMN leased_until     timestamptz,                      -- when nobody is any more, and its fate is unknown
    ADD COLUMN sip_status       smallint NOT NULL DEFAULT 0,      -- the answer's
    ADD COLUMN result_at        timestamptz,
    ADD COLUMN matched_text_id  uuid,                             -- the text that an incoming one answers
    ADD COLUMN read_at          timestamptz,                      -- when the customer's program read it
    ADD COLUMN for_review       boolean NOT NULL DEFAULT false;   -- it may be an opt-out in words of one's own

-- What waited before there was anybody to send it is too old to be sent now.
UPDATE texts SET state = 'expired', result_at = now() WHERE state = 'queued';

ALTER TABLE texts ADD CONSTRAINT texts_state_check CHECK (state IN (
    'queued', 'held', 'sending', 'accepted', 'refused', 'unknown', 'cancelled', 'expired', 'blocked', 'received'));

DROP INDEX texts_queued;
-- What went out from a DID to a number: a reply belongs to the last one.
CREATE INDEX texts_sent ON texts (sender, recipient, sent_at DESC) WHERE direction = 'outgoing' AND sent_at IS NOT NULL;
CREATE INDEX texts_sending ON texts (leased_until) WHERE state = 'sending';
CREATE INDEX texts_unread ON texts (license_key, queued_at) WHERE direction = 'incoming' AND read_at IS NULL;
CREATE INDEX texts_by_reference ON texts (license_key, reference_id) WHERE reference_id <> '';
CREATE INDEX texts_by_match ON texts (matched_text_id) WHERE matched_text_id IS NOT NULL;
CREATE INDEX texts_by_key ON texts (license_key, queued_at DESC);
-- A conversation, from both sides.
CREATE INDEX texts_by_other_side ON texts ((CASE direction WHEN 'outgoing' THEN recipient ELSE sender END), queued_at DESC);
CREATE INDEX texts_by_time ON texts USING brin (queued_at);

-- What waits to be sent, and nothing else, so that it stays small. A text leaves it when it is claimed.
CREATE TABLE text_outbox (
    text_id      uuid PRIMARY KEY,               -- texts.text_id
    lane         text NOT NULL,                  -- key, DID and route: a lane that is held back costs the others nothing
    license_key  text NOT NULL,
    sender       text NOT NULL,
    recipient    text NOT NULL,
    route        text NOT NULL,
    due_at       timestamptz NOT NULL,
    expires_at   timestamptz,                    -- until when a phone that is not registered is waited for
    exempt       boolean NOT NULL                -- the one confirmation that an opted-out number still gets
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000);

CREATE INDEX text_outbox_due ON text_outbox (lane, due_at);
CREATE INDEX text_outbox_expiry ON text_outbox (expires_at) WHERE expires_at IS NOT NULL;

-- Who has opted out of a key's texts, now.
CREATE TABLE opt_outs (
    license_key  text NOT NULL,
    number       text NOT NULL,                  -- E.164
    at           timestamptz NOT NULL DEFAULT now(),
    did          text NOT NULL DEFAULT '',       -- that the keyword was sent to
    body         text NOT NULL DEFAULT '',       -- what was sent
    source       text NOT NULL,                  -- text, call, cli, import, api
    PRIMARY KEY (license_key, number)
);

-- Every change of it, for who must prove what was known when.
CREATE TABLE opt_out_changes (
    license_key  text NOT NULL,
    number       text NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    opted_out    boolean NOT NULL,
    did          text NOT NULL DEFAULT '',
    body         text NOT NULL DEFAULT '',
    source       text NOT NULL
);

CREATE INDEX opt_out_changes_of ON opt_out_changes (license_key, number, at);

-- How many texts were handed over when, for each DID, key and trunk that has a limit: its rolling windows.
CREATE TABLE text_pace (
    scope      text NOT NULL,                    -- did:NUMBER, key:NAME, trunk:NAME
    at         timestamptz NOT NULL,
    sent       integer NOT NULL,
    forget_at  timestamptz NOT NULL              -- the end of the longest window that counts it
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX text_pace_windows ON text_pace (scope, at);
CREATE INDEX text_pace_forget ON text_pace (forget_at);
