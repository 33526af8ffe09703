-- What customers' interfaces keep.

-- The first answer to a request with an Idempotency-Key, so that a repeated one is not done twice; for a day.
CREATE TABLE kept_answers (
    license_key      text NOT NULL,              -- its name in the YAML
    idempotency_key  text NOT NULL,
    request          bytea NOT NULL,             -- a digest of the operation and what was asked
    answer           text NOT NULL,              -- in JSON
    at               timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (license_key, idempotency_key)
);

CREATE INDEX kept_answers_at ON kept_answers (at);

-- Media that customers uploaded; texts carry links to them.
CREATE TABLE media (
    media_id     bigint GENERATED ALWAYS AS IDENTITY (START WITH 10001) PRIMARY KEY,
    token        uuid NOT NULL UNIQUE,           -- what the link has; nobody can guess it
    license_key  text NOT NULL,
    file_name    text NOT NULL,
    mime_type    text NOT NULL,
    tags         text[] NOT NULL DEFAULT '{}',
    content      bytea NOT NULL,
    at           timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX media_of_key ON media (license_key, at DESC);

-- Which texts carry which media.
CREATE TABLE media_in_texts (
    text_id   uuid NOT NULL,
    media_id  bigint NOT NULL REFERENCES media ON DELETE CASCADE,
    PRIMARY KEY (text_id, media_id)
);

CREATE INDEX media_in_texts_of ON media_in_texts (media_id);

-- Where customers want the post-backs of their texts, where the YAML says nothing.
CREATE TABLE postback_urls (
    license_key  text NOT NULL,
    number       text NOT NULL,                  -- E.164; empty for the whole key
    kind         text NOT NULL CHECK (kind IN ('all', 'incoming', 'outgoing')),
    enabled      boolean NOT NULL,
    url          text NOT NULL,                  -- empty where only `enabled` was set
    PRIMARY KEY (license_key, number, kind)
);
