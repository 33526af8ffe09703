-- The messages of the Dialer: which call a token belongs to. A token is stored as its hash: whoever reads this table can
-- ask for nothing with it.

CREATE TABLE dialer_messages (
    token_hash   bytea PRIMARY KEY,         -- SHA-256
    queue_id     bigint NOT NULL,           -- the call; it may have left before the token expires
    license_key  text NOT NULL,             -- its name in the admin YAML
    reference    text NOT NULL,             -- as the sender gave it
    sent_at      timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX dialer_messages_by_expiry ON dialer_messages (expires_at);
