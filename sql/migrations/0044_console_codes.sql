-- The second half of a log-in to the console: codes of an authenticator app (TOTP, RFC 6238).

ALTER TABLE console_people
    ADD COLUMN code_secret  text NOT NULL DEFAULT '',       -- in base32; empty: no code is asked for
    ADD COLUMN code_step    bigint NOT NULL DEFAULT 0;      -- the newest step whose code was used: none is used twice
