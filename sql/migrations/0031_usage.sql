-- Usage: one record for each transaction, written in the transaction of what it meters. A record is never changed, and no
-- other table's retention touches it; what was wrong is taken back by a record with the sign -1.

CREATE TABLE usage_records (
    record_id    text PRIMARY KEY,                                 -- what it is of: call:QUEUEID, text:ID, did:NUMBER:MONTH …
    written_in   xid8 NOT NULL DEFAULT pg_current_xact_id(),       -- so that totals know which are new
    license_key  text NOT NULL,
    product      text NOT NULL CHECK (product IN ('call', 'attempt', 'transfer', 'text', 'recording', 'speech', 'lookup',
                                                  'did', 'key')),
    direction    text NOT NULL DEFAULT '' CHECK (direction IN ('', 'incoming', 'outgoing')),
    did          text NOT NULL DEFAULT '',                         -- our number, E.164
    number       text NOT NULL DEFAULT '',                         -- the other party's, E.164 where it is a phone number
    country      text NOT NULL DEFAULT '',                         -- of the other party: ISO 3166 letters
    route        text NOT NULL DEFAULT '',                         -- the trunk; empty for phones and numbers of ours
    units        bigint NOT NULL CHECK (units >= 0),               -- seconds, segments, characters, pieces
    sign         smallint NOT NULL DEFAULT 1 CHECK (sign IN (1, -1)),
    began_at     timestamptz,                                      -- of a leg: its answer
    at           timestamptz NOT NULL,                             -- when it was over: the day and month that it counts in
    note         text NOT NULL DEFAULT ''                          -- of a correction: why
);

CREATE INDEX usage_records_of_key ON usage_records (license_key, at);
CREATE INDEX usage_records_new ON usage_records (written_in);

CREATE FUNCTION refuse_change_of_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a usage record is never changed: a further record corrects it';
END
$$;
CREATE TRIGGER usage_records_stay BEFORE UPDATE ON usage_records
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_usage();

ALTER TABLE calls
    ADD COLUMN legs             smallint NOT NULL DEFAULT 0,       -- transfers answered so far
    ADD COLUMN leg_number       text NOT NULL DEFAULT '',          -- of the transfer that stands now: whom it leads to,
    ADD COLUMN leg_route        text NOT NULL DEFAULT '',          -- through which trunk,
    ADD COLUMN leg_answered_at  timestamptz,                       -- since when
    ADD COLUMN seen_at          timestamptz;                       -- the last sign of life of the controller that lost it
