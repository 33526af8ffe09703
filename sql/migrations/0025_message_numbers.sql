-- Texts by number, which VoIP.ms's clients need, and what else a message has there.

CREATE SEQUENCE text_numbers AS bigint START WITH 100001;

-- Texts from before have none, and are not listed there: a value for each of them would rewrite the whole table.
ALTER TABLE texts
    ADD COLUMN number  bigint,
    ADD COLUMN mms     boolean NOT NULL DEFAULT false,    -- sent as a message with media, which travel as links
    ADD COLUMN media   text[] NOT NULL DEFAULT '{}',      -- the links
    ADD COLUMN hidden  boolean NOT NULL DEFAULT false;    -- its customer deleted it
ALTER TABLE texts ALTER COLUMN number SET DEFAULT nextval('text_numbers');
ALTER SEQUENCE text_numbers OWNED BY texts.number;

CREATE UNIQUE INDEX texts_by_number ON texts (number) WHERE number IS NOT NULL;

-- Entries of a sound have one number each, whichever controller gave it.
CREATE UNIQUE INDEX customer_entries_sounds ON customer_entries (license_key, (content ->> 'sound_id'))
    WHERE kind = 'recording';
