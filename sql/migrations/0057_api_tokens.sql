-- Tokens of the JSON interface: each of one licence key, with what it may do. Of a token only its digest is stored.

CREATE TABLE api_tokens (
    token_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    license_key  text        NOT NULL,
    name         text        NOT NULL,              -- what its owner calls it
    digest       bytea       NOT NULL UNIQUE,
    scopes       text[]      NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT now(),
    made_by      text        NOT NULL,
    last_used_at timestamptz                        -- within a minute
);

CREATE INDEX api_tokens_of_key ON api_tokens (license_key, token_id);
