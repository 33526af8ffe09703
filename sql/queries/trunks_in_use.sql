-- How many calls in progress, of all controllers, each trunk has now; the legs of transfers count too.
SELECT trunk, count(*) AS calls
FROM (
    SELECT route AS trunk FROM calls WHERE ended_at IS NULL AND due_at IS NULL
    UNION ALL
    SELECT unnest(transfer_routes) FROM calls WHERE ended_at IS NULL AND due_at IS NULL
) AS legs
WHERE trunk <> ''
GROUP BY trunk
