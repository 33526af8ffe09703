-- Under which name the store knows a licence key: the one that it had when it was first declared, whatever the admin YAML
-- calls it since. So a key that is renamed there keeps its calls, sounds and post-backs.

CREATE TABLE license_keys (
    name         text PRIMARY KEY,                    -- in the admin YAML, now or formerly
    stored_name  text NOT NULL,                       -- license_key of calls, sounds, postbacks, texts …
    declared_at  timestamptz NOT NULL DEFAULT now()
);
