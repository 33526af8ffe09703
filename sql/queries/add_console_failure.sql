-- A log-in failed: it counts for each of these.
INSERT INTO console_failures (counted) SELECT unnest(:counted::text[])
