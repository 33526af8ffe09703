-- With which codes the calls of the last hour ended.
SELECT direction, response_code, count(*) AS calls
FROM calls
WHERE started_at >= now() - interval '1 hour' AND ended_at IS NOT NULL
  AND (:license_key::text IS NULL OR license_key = :license_key)
GROUP BY direction, response_code
ORDER BY calls DESC
LIMIT 20
