-- Where most post-backs wait, and why the newest of them failed.
SELECT busiest.*, coalesce((
           SELECT reason FROM postback_attempts
           WHERE postback = busiest.failing_number AND NOT delivered ORDER BY at DESC LIMIT 1
       ), '') AS reason
FROM (
    SELECT lane, count(*) AS waiting, count(*) FILTER (WHERE tries > 0) AS failing, min(due_at) AS next_at,
           max(number) FILTER (WHERE tries > 0) AS failing_number
    FROM postback_outbox
    GROUP BY lane
    ORDER BY count(*) DESC
    LIMIT $1
) AS busiest
ORDER BY waiting DESC, lane
