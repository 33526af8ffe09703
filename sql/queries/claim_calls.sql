-- Takes outgoing calls that are due, through one route, the longest due of each key, so many of a key at most: the keys in
-- the order given, so that a key with many calls holds no other one up. From now on their next try is under way, and they
-- are the controller's ($5), on its Asterisk ($6).
WITH due AS (
    SELECT chosen.queue_id, key.place
    FROM unnest($1::text[]) WITH ORDINALITY AS key (name, place)
    CROSS JOIN LATERAL (
        SELECT queue_id FROM calls
        WHERE license_key = key.name AND route = $2 AND due_at <= now()
        ORDER BY due_at, queue_id
        LIMIT $4
        FOR UPDATE SKIP LOCKED
    ) AS chosen
    ORDER BY key.place
    LIMIT $3
), taken AS (
    UPDATE calls
    SET due_at = NULL, dialled_at = clock_timestamp(), tries = tries + 1, controller_id = $5, asterisk = $6
    FROM due
    WHERE calls.queue_id = due.queue_id
    RETURNING calls.*, due.place
)
SELECT queue_id, direction, license_key, our_number, their_number, channel_id, program, source, state, response_code,
       status_post_url, sequence, started_at, answered_at, route, tries, due_at, dialled_at,
       caller_id_name, most_tries, next_try_seconds, max_call_seconds,
       coalesce((SELECT max(number) FROM call_trace WHERE call_trace.queue_id = taken.queue_id), 0) AS trace_number
FROM taken JOIN notifications USING (queue_id) LEFT JOIN programs ON content_hash = program
ORDER BY place
