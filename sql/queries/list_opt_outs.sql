-- Who has opted out, by key and number, from behind the last one of the page before.
SELECT license_key, number, at, did, body, source
FROM opt_outs
WHERE ($1::text IS NULL OR license_key = $1) AND ($2::text IS NULL OR number = $2)
  AND (license_key, number) > ($3, $4)
ORDER BY license_key, number
LIMIT $5
