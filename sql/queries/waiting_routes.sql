-- The keys and routes that outgoing calls wait for, each pair once; walks from one to the next in the index of what waits.
WITH RECURSIVE pair AS (
    (SELECT license_key, route FROM calls WHERE due_at IS NOT NULL ORDER BY license_key, route LIMIT 1)
    UNION ALL
    SELECT following.license_key, following.route
    FROM pair
    CROSS JOIN LATERAL (
        SELECT license_key, route FROM calls
        WHERE due_at IS NOT NULL AND (license_key, route) > (pair.license_key, pair.route)
        ORDER BY license_key, route
        LIMIT 1
    ) AS following
)
SELECT license_key, route FROM pair
