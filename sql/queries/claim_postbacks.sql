-- Takes due post-backs for one process, the first of each subject or an unbroken run from it. Lanes are visited one after
-- the other by skipping through the index, so a lane that is full or held back costs one step however long it is.
WITH RECURSIVE lanes AS (
    (SELECT lane, 1 AS place FROM postback_outbox WHERE lane > $3 ORDER BY lane LIMIT 1)
    UNION ALL
    SELECT (SELECT later.lane FROM postback_outbox AS later WHERE later.lane > lanes.lane ORDER BY later.lane LIMIT 1),
           place + 1
    FROM lanes
    WHERE lane IS NOT NULL AND place < $4
), open AS MATERIALIZED (
    SELECT lanes.lane, coalesce(busy.room, $7) AS room
    FROM lanes LEFT JOIN unnest($5::text[], $6::integer[]) AS busy (lane, room) ON busy.lane = lanes.lane
    WHERE lanes.lane IS NOT NULL AND coalesce(busy.room, $7) > 0
), candidates AS MATERIALIZED (
    SELECT due.*
    FROM open CROSS JOIN LATERAL (
        SELECT number, lane, subject, sequence, created_at
        FROM postback_outbox
        WHERE postback_outbox.lane = open.lane AND due_at <= now()
        ORDER BY due_at, sequence
        LIMIT open.room
        FOR UPDATE SKIP LOCKED
    ) AS due
    LIMIT $8
), blocked AS MATERIALIZED (
    -- An earlier one is under way, or failed and may not be overtaken yet.
    SELECT candidates.number,
           max(CASE WHEN earlier.leased_until > now() THEN now()
                    ELSE least(earlier.due_at, candidates.created_at + make_interval(secs => $9)) END) AS until
    FROM candidates
    JOIN postback_outbox AS earlier
      ON earlier.subject = candidates.subject AND earlier.sequence < candidates.sequence
    WHERE (earlier.leased_until > now() OR candidates.created_at + make_interval(secs => $9) > now())
      AND NOT EXISTS (SELECT FROM candidates AS taken WHERE taken.number = earlier.number)
    GROUP BY candidates.number
), parked AS (
    UPDATE postback_outbox
    SET due_at = greatest(blocked.until, now() + interval '1 second'), parked = true
    FROM blocked
    WHERE postback_outbox.number = blocked.number
), taken AS (
    UPDATE postback_outbox
    SET lease = $1, leased_until = now() + make_interval(secs => $2), due_at = now() + make_interval(secs => $2),
        parked = false
    FROM candidates
    WHERE postback_outbox.number = candidates.number
      AND NOT EXISTS (SELECT FROM blocked WHERE blocked.number = candidates.number)
    RETURNING postback_outbox.number, postback_outbox.tries,
              extract(epoch FROM now() - postback_outbox.created_at)::double precision AS age
), scan AS (
    SELECT count(lane) AS scanned, max(lane) AS last_lane, (SELECT count(*) FROM candidates) AS found FROM lanes
)
SELECT scan.*, postbacks.number, id, postbacks.subject, sequence, event, final, license_key, url, lane, body, tries, age,
       EXISTS (SELECT FROM postback_stops WHERE postback_stops.url = postbacks.url) AS stopped
FROM scan LEFT JOIN (taken JOIN postbacks ON postbacks.number = taken.number) ON true
ORDER BY postbacks.subject, sequence, postbacks.number
