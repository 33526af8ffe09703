-- The console: who may log in, their sessions, the links that log in once, and what each of them changed.

CREATE TABLE console_people (
    person_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL,
    role         text NOT NULL CHECK (role IN ('operator', 'customer')),
    license_key  text,                                  -- a customer's, by the name that the store knows
    password     text NOT NULL DEFAULT '',              -- Argon2id, in PHC form; empty: only links log in
    created_at   timestamptz NOT NULL DEFAULT now(),
    disabled_at  timestamptz,                           -- since when nobody logs in by this name
    CHECK ((role = 'customer') = (license_key IS NOT NULL))
);
CREATE UNIQUE INDEX console_people_by_name ON console_people (lower(name));

-- Links and sessions are known by a digest of their token: whoever reads the tables cannot use them.
CREATE TABLE console_links (
    token       bytea PRIMARY KEY,                      -- SHA-256
    person_id   bigint NOT NULL REFERENCES console_people ON DELETE CASCADE,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX console_links_by_person ON console_links (person_id);

CREATE TABLE console_sessions (
    token       bytea PRIMARY KEY,                      -- SHA-256
    person_id   bigint NOT NULL REFERENCES console_people ON DELETE CASCADE,
    address     text NOT NULL,                          -- where it was begun
    started_at  timestamptz NOT NULL DEFAULT now(),
    used_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX console_sessions_by_person ON console_sessions (person_id);

-- Log-ins that failed, by what is counted: an address, a name, or both together.
CREATE TABLE console_failures (
    counted  text NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX console_failures_of ON console_failures (counted, at);
CREATE INDEX console_failures_at ON console_failures (at);

-- Every change that somebody made in the console.
CREATE TABLE console_audit (
    entry_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT now(),
    person       text NOT NULL,                         -- their name
    role         text NOT NULL,
    license_key  text,                                  -- whose data it was about, where it was one key's
    address      text NOT NULL,
    action       text NOT NULL,
    subject      text NOT NULL,
    before       text NOT NULL,
    after        text NOT NULL
);
CREATE INDEX console_audit_at ON console_audit (at);
