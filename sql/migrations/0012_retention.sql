-- Retention walks through what it keeps in small steps; where it has got to is kept here, so that nothing is looked at twice.

CREATE TABLE retention_marks (
    name   text PRIMARY KEY,                       -- of what is walked through
    at     timestamptz NOT NULL DEFAULT '-infinity',
    place  text NOT NULL DEFAULT ''                -- within what has the same time, or the key that was looked at last
);
INSERT INTO retention_marks (name) VALUES ('traces'), ('programs'), ('sound_audio');

-- When a program was last handed to a call: the name said "first", and a program may be used for years.
ALTER TABLE programs RENAME COLUMN first_used TO used_at;

-- Whether a call that is kept refers to a program. Most incoming calls run the same few, which this kind of index holds once.
CREATE INDEX calls_by_program ON calls (program);
