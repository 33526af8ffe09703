-- The language that somebody wants the console in; empty: what the browser asks for.

ALTER TABLE console_people ADD COLUMN language text NOT NULL DEFAULT '';
