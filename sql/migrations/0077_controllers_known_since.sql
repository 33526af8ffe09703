-- Since when this database knows a controller: what Asterisk has written down of legs before that belongs to another one.
ALTER TABLE controllers ADD COLUMN known_since timestamptz NOT NULL DEFAULT now();
