-- Keeps the programs that calls run; the same source is kept once, with when it was used, to the hour.
INSERT INTO programs (content_hash, source)
SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT (content_hash) DO UPDATE SET used_at = now() WHERE programs.used_at < now() - interval '1 hour'
