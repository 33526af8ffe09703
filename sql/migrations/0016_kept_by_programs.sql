-- What customers' programs keep here: scripts, variables, lists of people to call, and the numbers that were given to them.

CREATE TABLE saved_scripts (
    license_key  text NOT NULL,             -- its name in the admin YAML
    name         text NOT NULL,
    source       text NOT NULL,
    saved_at     timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX saved_scripts_by_name ON saved_scripts (license_key, lower(name));

CREATE TABLE key_variables (
    license_key  text NOT NULL,
    name         text NOT NULL,
    value        text NOT NULL,
    saved_at     timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX key_variables_by_name ON key_variables (license_key, lower(name));

CREATE TABLE call_lists (
    list_id      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    license_key  text NOT NULL,
    parent_id    integer REFERENCES call_lists ON DELETE CASCADE,    -- the list that it is in
    name         text NOT NULL
);
CREATE INDEX call_lists_by_key ON call_lists (license_key);
CREATE INDEX call_lists_by_parent ON call_lists (parent_id);

CREATE TABLE call_list_members (
    member_id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    list_id      integer NOT NULL REFERENCES call_lists ON DELETE CASCADE,
    phone_number text NOT NULL,             -- as it was given, an extension included
    client_id    text NOT NULL,
    first_name   text NOT NULL,
    last_name    text NOT NULL
);
CREATE INDEX call_list_members_by_list ON call_list_members (list_id);

-- Each dialling of a list.
CREATE SEQUENCE call_batches AS integer START WITH 1000;

-- What the admin YAML leaves out about a number, and customers' programs have set.
CREATE TABLE did_grants (
    number       text PRIMARY KEY,          -- E.164
    license_key  text,                      -- who has its calls; null: whom the YAML says
    script_key   text,                      -- whose script it is
    script       text,                      -- what answers its calls
    granted_at   timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX notifications_by_reference ON notifications (reference_id) WHERE reference_id <> '';
