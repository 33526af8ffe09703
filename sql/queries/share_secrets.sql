-- Stores what a controller made up, unless another one has made it up before.
INSERT INTO made_secrets (name, secret)
SELECT name, secret FROM unnest($1::text[], $2::text[]) AS made (name, secret)
ORDER BY name
ON CONFLICT DO NOTHING
