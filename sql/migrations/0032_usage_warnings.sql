-- Usage limits: who was warned of what. What is new among the records needs no column of its own, as sums are read by time.

DROP INDEX usage_records_new;
ALTER TABLE usage_records DROP COLUMN written_in;
-- Corrections are found by the id of what they correct.
CREATE INDEX usage_records_corrections ON usage_records (split_part(record_id, '~', 1)) WHERE position('~' IN record_id) > 0;

CREATE TABLE usage_warnings (
    license_key  text NOT NULL,
    limit_name   text NOT NULL,                          -- minutes_per_day, money_per_month …
    level        text NOT NULL CHECK (level IN ('soft', 'hard')),
    period       text NOT NULL,                          -- the day or the month (UTC) that the warning is of
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (license_key, limit_name, level, period)
);
