-- The assignment table: which carrier each block of numbers was assigned to. It is looked up in memory; here it is whole.

CREATE TABLE line_assignments (
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),    -- there is one table
    file         text NOT NULL,             -- the name of the file that it was imported from
    as_of        date NOT NULL,             -- the day whose assignments they are
    blocks       integer NOT NULL,
    imported_at  timestamptz NOT NULL DEFAULT now(),
    data         bytea NOT NULL             -- packed; see controller/line_types/assignments.py
);
