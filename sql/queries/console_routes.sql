-- Calls of the last hour by the trunk or phone that they went through, and those in progress.
SELECT route, count(*) AS calls, count(answered_at) AS answered,
       count(*) FILTER (WHERE ended_at IS NULL AND due_at IS NULL) AS now
FROM calls WHERE started_at >= now() - interval '1 hour' AND route <> ''
GROUP BY route
