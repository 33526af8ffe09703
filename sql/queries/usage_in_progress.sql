-- What a key's answered calls and transfers that go on now have used so far; one row of the time alone when there are none.
SELECT now() AS now, product, direction, number, route, seconds
FROM (SELECT) AS always
LEFT JOIN (
    SELECT 'call' AS product, direction, their_number AS number, route,
           greatest(0, extract(epoch FROM now() - answered_at))::bigint AS seconds
    FROM calls
    WHERE license_key = :license_key AND ended_at IS NULL AND due_at IS NULL AND answered_at IS NOT NULL
    UNION ALL
    SELECT 'transfer', 'outgoing', leg_number, leg_route,
           greatest(0, extract(epoch FROM now() - leg_answered_at))::bigint
    FROM calls
    WHERE license_key = :license_key AND ended_at IS NULL AND due_at IS NULL AND leg_answered_at IS NOT NULL
) AS going_on ON true
