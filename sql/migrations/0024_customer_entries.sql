-- What customers make through their interfaces and lead calls to: IVRs, sequences, recordings, mailboxes and the like.

CREATE TABLE customer_entries (
    entry_id     integer GENERATED ALWAYS AS IDENTITY (START WITH 1001) PRIMARY KEY,
    license_key  text NOT NULL,                  -- its name in the store
    kind         text NOT NULL,                  -- ivr, sequence, recording, …
    content      jsonb NOT NULL,
    saved_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX customer_entries_of ON customer_entries (license_key, kind);
