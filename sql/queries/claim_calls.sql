-- Takes outgoing calls that are due, through one route: the keys in turn, in the order given, of each the longest due, so
-- that a key with many calls holds no other one up. Of a key as many as it may have at once, of a trunk as many as it has
-- free channels, calls of all controllers counted. A key's pace is held here, but for what it may begin in a moment
-- (ahead); of a trunk no more are taken than can be dialled in that moment, each in a slot of its own (see take_call_slot).
-- One controller at a time is in here (see lock_call_claims).
-- What a claim changes, the model of the call says; from now on they are the controller's, on its Asterisk. Tells in each
-- row, and in one without a call when there is none, how many calls were found due.
WITH in_progress AS MATERIALIZED (
    SELECT license_key, route, transfer_routes, state = :claimed AS begins
    FROM calls
    WHERE ended_at IS NULL AND due_at IS NULL
), of_key AS (
    SELECT license_key, count(*) AS calls FROM in_progress GROUP BY license_key
), coming AS (
    SELECT license_key, count(*) AS calls
    FROM call_admissions AS admitted
    WHERE admitted_at > clock_timestamp() - interval '10 seconds'
      AND NOT EXISTS (SELECT FROM calls WHERE calls.queue_id = admitted.queue_id)
    GROUP BY license_key
), key AS MATERIALIZED (
    SELECT name, place, seconds, greatest(next_at, clock_timestamp()) AS next_at,
           least(:most, max_calls - coalesce(of_key.calls, 0) - coalesce(coming.calls, 0),
                 floor((greatest(seconds, :ahead::double precision)
                        - greatest(0, extract(epoch FROM next_at - clock_timestamp()))) / seconds + 0.001)) AS room
    FROM unnest(:license_keys::text[], :max_calls::integer[], :key_seconds::double precision[]) WITH ORDINALITY
         AS given (name, max_calls, seconds, place)
    LEFT JOIN of_key ON of_key.license_key = name
    LEFT JOIN coming ON coming.license_key = name
    LEFT JOIN call_slots ON scope = 'key:' || name
), trunk AS MATERIALIZED (
    SELECT greatest(0, least(:most, :channels::integer - used.calls,
                             floor((greatest(seconds, :ahead::double precision)
                                    - greatest(0, extract(epoch FROM next_at - clock_timestamp()))
                                    - used.begun * seconds) / seconds + 0.001))) AS room
    FROM (SELECT :route_seconds::double precision AS seconds) AS given
    CROSS JOIN (
        SELECT count(*) FILTER (WHERE route = :route)
               + coalesce(sum(cardinality(array_positions(transfer_routes, :route))), 0) AS calls,
               count(*) FILTER (WHERE route = :route AND begins) AS begun
        FROM in_progress
    ) AS used
    LEFT JOIN call_slots ON scope = 'trunk:' || :route
), due AS MATERIALIZED (
    SELECT waiting.queue_id, key.place, key.room,
           row_number() OVER (PARTITION BY key.place ORDER BY waiting.due_at, waiting.queue_id) AS turn
    FROM key CROSS JOIN LATERAL (
        SELECT queue_id, due_at FROM calls
        WHERE license_key = key.name AND route = :route AND due_at <= statement_timestamp() AND state = :waiting
        ORDER BY due_at, queue_id
        LIMIT :most
    ) AS waiting
), chosen AS MATERIALIZED (
    SELECT calls.queue_id, due.turn, due.place
    FROM due JOIN calls USING (queue_id)
    WHERE due.turn <= due.room
    ORDER BY due.turn, due.place
    LIMIT (SELECT room FROM trunk)
    FOR UPDATE OF calls SKIP LOCKED
), taken AS (
    UPDATE calls
    SET state = :claimed, due_at = NULL, dialled_at = clock_timestamp(), tries = tries + :tries_begun::integer,
        controller_id = :controller_id, asterisk = :asterisk
    FROM chosen
    WHERE calls.queue_id = chosen.queue_id AND calls.due_at IS NOT NULL
    RETURNING calls.*, chosen.turn, chosen.place
), paced AS (
    INSERT INTO call_slots (scope, next_at)
    SELECT 'key:' || name, next_at + make_interval(secs => seconds * number)
    FROM key JOIN (SELECT license_key, count(*) AS number FROM taken GROUP BY license_key) AS begun ON license_key = name
    WHERE seconds IS NOT NULL
    ON CONFLICT (scope) DO UPDATE SET next_at = EXCLUDED.next_at
), whole AS (
    SELECT taken.*, source, caller_id_name, most_tries, next_try_seconds, max_call_seconds, reference_id,
           coalesce((SELECT max(number) FROM call_trace WHERE call_trace.queue_id = taken.queue_id), 0) AS trace_number
    FROM taken JOIN notifications USING (queue_id) LEFT JOIN programs ON content_hash = program
)
SELECT found.due_calls, queue_id, direction, license_key, our_number, their_number, channel_id, program, source, state,
       script_state, response_code, status_post_url, sequence, started_at, answered_at, transfer, route, tries, due_at,
       dialled_at, controller_id, asterisk, false AS just_claimed, tried_routes, tried_in,
       legs, leg_number, leg_route, leg_answered_at, NULL::timestamptz AS last_seen_at,
       caller_id_name, most_tries, next_try_seconds, max_call_seconds, reference_id, trace_number
FROM (SELECT count(*) AS due_calls FROM due) AS found LEFT JOIN whole ON true
ORDER BY turn, place
