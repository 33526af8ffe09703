-- Licence keys that the operator made without the admin YAML (`ringpost keys create`). The key itself is shown once and
-- not kept.

CREATE TABLE stored_keys (
    name        text PRIMARY KEY,                    -- never that of another key, whoever has declared it
    digest      bytea NOT NULL UNIQUE,               -- SHA-256 of the key in its one spelling
    settings    jsonb NOT NULL,                      -- as the entry of the admin YAML would have them
    created_at  timestamptz NOT NULL DEFAULT now(),
    revoked_at  timestamptz                          -- NULL: in use
);
