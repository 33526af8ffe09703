-- Takes due texts for one process to send. Lanes are visited one after the other by skipping through the index; each gives
-- a few (of a phone that is not registered here none; of a key that has reached a limit of its usage only confirmations of
-- opt-outs), of which as many are taken as the rolling windows of their DID, key and trunk have room for, in turns between the
-- keys. Who has opted out since is blocked here, in the statement that takes. One process at a time is in here (see
-- lock_text_claims), so that no window is filled twice.
WITH RECURSIVE lanes AS (
    (SELECT lane, 1 AS place FROM text_outbox WHERE lane > $3 ORDER BY lane LIMIT 1)
    UNION ALL
    SELECT (SELECT later.lane FROM text_outbox AS later WHERE later.lane > lanes.lane ORDER BY later.lane LIMIT 1),
           place + 1
    FROM lanes
    WHERE lane IS NOT NULL AND place < $4
), open_lanes AS (
    SELECT lane, split_part(lane, ' ', 1) = ANY ($11::text[]) AS held
    FROM lanes
    WHERE lane IS NOT NULL AND split_part(lane, ' ', 3) <> ALL ($10::text[])
), due AS MATERIALIZED (
    SELECT candidate.*
    FROM open_lanes CROSS JOIN LATERAL (
        SELECT text_id, license_key, sender, recipient, route, due_at, exempt
        FROM text_outbox
        WHERE text_outbox.lane = open_lanes.lane AND due_at <= now()
        ORDER BY due_at
        LIMIT $5
        FOR UPDATE SKIP LOCKED
    ) AS candidate
    WHERE NOT open_lanes.held
    UNION ALL
    SELECT candidate.*
    FROM open_lanes CROSS JOIN LATERAL (
        SELECT text_id, license_key, sender, recipient, route, due_at, exempt
        FROM text_outbox
        WHERE text_outbox.lane = open_lanes.lane AND due_at <= now() AND exempt
        ORDER BY due_at
        LIMIT $5
        FOR UPDATE SKIP LOCKED
    ) AS candidate
    WHERE open_lanes.held
), blocked AS MATERIALIZED (
    SELECT due.text_id
    FROM due JOIN opt_outs ON opt_outs.license_key = due.license_key AND opt_outs.number = due.recipient
    WHERE NOT due.exempt
), limits AS MATERIALIZED (
    SELECT * FROM unnest($6::text[], $7::integer[], $8::double precision[]) AS limits (scope, most, seconds)
), rooms AS MATERIALIZED (
    SELECT scope, greatest(0, min(most - coalesce((
               SELECT sum(sent) FROM text_pace
               WHERE text_pace.scope = limits.scope
                 AND text_pace.at > clock_timestamp() - make_interval(secs => limits.seconds)
           ), 0))) AS room
    FROM limits
    WHERE scope IN (SELECT 'did:' || sender FROM due UNION SELECT 'key:' || license_key FROM due
                    UNION SELECT route FROM due)
    GROUP BY scope
), of_did AS (
    SELECT due.*, row_number() OVER (PARTITION BY sender ORDER BY due_at, text_id) AS place
    FROM due WHERE NOT EXISTS (SELECT FROM blocked WHERE blocked.text_id = due.text_id)
), of_key AS (
    SELECT of_did.*, row_number() OVER (PARTITION BY license_key ORDER BY place, due_at, text_id) AS turn
    FROM of_did LEFT JOIN rooms ON rooms.scope = 'did:' || of_did.sender
    WHERE rooms.room IS NULL OR of_did.place <= rooms.room
), of_route AS (
    SELECT of_key.*, row_number() OVER (PARTITION BY route ORDER BY turn, due_at, text_id) AS rank
    FROM of_key LEFT JOIN rooms ON rooms.scope = 'key:' || of_key.license_key
    WHERE rooms.room IS NULL OR of_key.turn <= rooms.room
), chosen AS MATERIALIZED (
    SELECT text_id, license_key, sender, of_route.route
    FROM of_route LEFT JOIN rooms ON rooms.scope = of_route.route
    WHERE rooms.room IS NULL OR of_route.rank <= rooms.room
    ORDER BY turn, due_at, text_id
    LIMIT $9
), taken_out AS (
    DELETE FROM text_outbox
    WHERE text_id IN (SELECT text_id FROM chosen UNION ALL SELECT text_id FROM blocked)
), noted AS (
    INSERT INTO text_pace (scope, at, sent, forget_at)
    SELECT scope, clock_timestamp(), used.sent, clock_timestamp() + make_interval(secs => max(limits.seconds))
    FROM limits JOIN (
        SELECT scope, count(*) AS sent
        FROM chosen CROSS JOIN LATERAL
             (VALUES ('did:' || sender), ('key:' || license_key), (route)) AS counted (scope)
        GROUP BY scope
    ) AS used USING (scope)
    GROUP BY scope, used.sent
), sending AS (
    UPDATE texts
    SET state = 'sending', sent_at = clock_timestamp(), tries = tries + 1, lease = $1,
        leased_until = clock_timestamp() + make_interval(secs => $2)
    FROM chosen
    WHERE texts.text_id = chosen.text_id
    RETURNING texts.*
), stopped AS (
    UPDATE texts
    SET state = 'blocked', result_at = clock_timestamp()
    FROM blocked
    WHERE texts.text_id = blocked.text_id
    RETURNING texts.*
), scan AS (
    SELECT count(lane) AS scanned, max(lane) AS last_lane, (SELECT count(*) FROM due) AS found FROM lanes
)
SELECT scan.*, texts.*
FROM scan LEFT JOIN (SELECT * FROM sending UNION ALL SELECT * FROM stopped) AS texts ON true
