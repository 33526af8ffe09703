-- Subjects that were reported on and never closed: no final post-back, and nothing new for a while.
SELECT subject, max(sequence) AS sequence, (array_agg(license_key ORDER BY sequence DESC))[1] AS license_key,
       (array_agg(url ORDER BY sequence DESC))[1] AS url, max(created_at) AS last_at
FROM postbacks
WHERE created_at > now() - make_interval(secs => $2) AND subject LIKE $1 || ':%'
GROUP BY subject
HAVING NOT bool_or(final) AND max(created_at) < now() - make_interval(secs => $3)
ORDER BY last_at
LIMIT $4
