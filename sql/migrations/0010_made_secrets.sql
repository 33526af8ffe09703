-- Licence keys and passwords of phones that the admin YAML leaves out and a controller made up, where every controller of the
-- database finds them. They are stored as they are: a password of a phone is written to Asterisk's files, a licence key is
-- compared with what a program sends, and whoever reads this table reads the calls as well.

CREATE TABLE made_secrets (
    name     text PRIMARY KEY,                    -- license_key.NAME, phone.NAME
    secret   text NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now()
);
