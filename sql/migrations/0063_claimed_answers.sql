-- A request with an Idempotency-Key is claimed before it is run, so that no two controllers run it at the same time: the
-- answer is null until there is one.

ALTER TABLE kept_answers ALTER COLUMN answer DROP NOT NULL;
