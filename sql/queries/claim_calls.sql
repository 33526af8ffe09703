-- Takes outgoing calls that are due, through one route, the longest due of each key, so many of a key at most: the keys in
-- the order given, so that a key with many calls holds no other one up. What a claim changes, the model of the call says;
-- from now on they are the controller's, on its Asterisk.
WITH due AS (
    SELECT chosen.queue_id, key.place
    FROM unnest(:license_keys::text[]) WITH ORDINALITY AS key (name, place)
    CROSS JOIN LATERAL (
        SELECT queue_id FROM calls
        WHERE license_key = key.name AND route = :route AND due_at <= now() AND state = :waiting
        ORDER BY due_at, queue_id
        LIMIT :most_of_a_key
        FOR UPDATE SKIP LOCKED
    ) AS chosen
    ORDER BY key.place
    LIMIT :most
), taken AS (
    UPDATE calls
    SET state = :claimed, due_at = NULL, dialled_at = clock_timestamp(), tries = tries + :tries_begun::integer,
        controller_id = :controller_id, asterisk = :asterisk
    FROM due
    WHERE calls.queue_id = due.queue_id
    RETURNING calls.*, due.place
)
SELECT queue_id, direction, license_key, our_number, their_number, channel_id, program, source, state, script_state,
       response_code, status_post_url, sequence, started_at, answered_at, transfer, route, tries, due_at, dialled_at,
       controller_id, asterisk, false AS just_claimed,
       legs, leg_number, leg_route, leg_answered_at,
       NULL::timestamptz AS last_seen_at,
       caller_id_name, most_tries, next_try_seconds, max_call_seconds, reference_id,
       coalesce((SELECT max(number) FROM call_trace WHERE call_trace.queue_id = taken.queue_id), 0) AS trace_number
FROM taken JOIN notifications USING (queue_id) LEFT JOIN programs ON content_hash = program
ORDER BY place
