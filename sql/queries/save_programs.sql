-- Keeps the programs that calls run; the same source is kept once.
INSERT INTO programs (content_hash, source)
SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT (content_hash) DO NOTHING
