-- URLs that answered 410 Gone: nothing more is sent there.
INSERT INTO postback_stops (url, stopped_at)
SELECT DISTINCT unnest($1::text[]), now()
ON CONFLICT (url) DO NOTHING
