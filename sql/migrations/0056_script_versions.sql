-- Every call script as it was: of a name (name:menu, in lower case), or of a number (did:+12015550101).

CREATE TABLE script_versions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    license_key text        NOT NULL,
    place       text        NOT NULL,
    source      text        NOT NULL,
    saved_at    timestamptz NOT NULL DEFAULT now(),
    saved_by    text        NOT NULL DEFAULT ''     -- a person of the console; empty: a customer's program
);

CREATE INDEX script_versions_of_place ON script_versions (license_key, place, id DESC);

INSERT INTO script_versions (license_key, place, source, saved_at)
SELECT license_key, 'name:' || lower(name), source, saved_at FROM saved_scripts;

INSERT INTO script_versions (license_key, place, source, saved_at)
SELECT script_key, 'did:' || number, script, granted_at FROM did_grants WHERE script IS NOT NULL AND script_key IS NOT NULL;
