-- Post-backs for a person to read, newest first: each with its state and its last attempt.
SELECT postbacks.number, id, postbacks.subject, postbacks.sequence, event, final, license_key, url, body,
       postbacks.created_at, due_at,
       (SELECT count(*) FROM postback_attempts WHERE postback = postbacks.number) AS tries,
       CASE WHEN waiting.number IS NOT NULL AND leased_until > now() THEN 'under way'
            WHEN waiting.number IS NOT NULL THEN 'waiting'
            WHEN failed_at IS NOT NULL THEN 'failed'
            ELSE 'delivered' END AS state,
       last_attempt.at AS attempted_at, status, coalesce(failures.reason, last_attempt.reason, '') AS reason
FROM postbacks
LEFT JOIN postback_outbox AS waiting ON waiting.number = postbacks.number
LEFT JOIN postback_failures AS failures ON failures.number = postbacks.number
LEFT JOIN LATERAL (
    SELECT at, status, reason FROM postback_attempts WHERE postback = postbacks.number ORDER BY at DESC LIMIT 1
) AS last_attempt ON true
WHERE ($1::uuid IS NULL OR id = $1)
  AND ($2::text IS NULL OR postbacks.subject = $2)
  AND ($3::text IS NULL OR license_key = $3)
  AND ($4::text IS NULL OR body LIKE '%' || $4 || '%')
  AND ($5::text IS NULL OR $5 NOT IN ('waiting', 'under way') OR waiting.number IS NOT NULL)
  AND ($5::text IS NULL OR $5 <> 'failed' OR failures.number IS NOT NULL)
  AND ($5::text IS NULL OR $5 <> 'delivered' OR (waiting.number IS NULL AND failures.number IS NULL))
  AND ($6::timestamptz IS NULL OR postbacks.created_at >= $6)
  AND ($7::timestamptz IS NULL OR postbacks.created_at < $7)
ORDER BY postbacks.number DESC
LIMIT $8
