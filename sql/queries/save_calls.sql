-- The journal's batch, in one statement and so in one transaction and one round trip: each call's newest state, the new
-- lines of their traces, and their post-backs and usage. Sent again it changes nothing, also when the next try of an
-- outgoing call has begun meanwhile (each has a dialled_at of its own). What is not written was written before, or is a
-- call that another controller has taken over: it is left as that one has it, and its customer is not told twice.
-- Rows come as JSON: to write and read them so takes less of the controller's time than arrays of each column.
WITH lines AS (
    INSERT INTO call_trace (queue_id, number, at, event, fields)
    SELECT queue_id, number, at, event, fields
    FROM json_to_recordset(:lines::text::json)
         AS new (queue_id bigint, number integer, at timestamptz, event text, fields jsonb)
    ON CONFLICT DO NOTHING
), written AS (
    INSERT INTO calls (queue_id, direction, license_key, our_number, their_number, channel_id, program, state,
                       script_state, response_code, status_post_url, sequence, started_at, answered_at, ended_at,
                       end_reason, transfer, route, tries, due_at, dialled_at, legs, leg_number, leg_route,
                       leg_answered_at, controller_id, asterisk)
    SELECT queue_id, direction, license_key, our_number, their_number, channel_id, program, state, script_state,
           response_code, status_post_url, sequence, started_at, answered_at, ended_at, end_reason, transfer, route,
           tries, due_at, dialled_at, legs, leg_number, leg_route, leg_answered_at, :controller_id, :asterisk
    FROM json_to_recordset(:calls::text::json)
         AS new (queue_id bigint, direction text, license_key text, our_number text, their_number text, channel_id text,
                 program text, state text, script_state jsonb, response_code integer, status_post_url text,
                 sequence integer, started_at timestamptz, answered_at timestamptz, ended_at timestamptz,
                 end_reason text, transfer text, route text, tries integer, due_at timestamptz, dialled_at timestamptz,
                 legs smallint, leg_number text, leg_route text, leg_answered_at timestamptz)
    ON CONFLICT (queue_id) DO UPDATE
    SET channel_id = EXCLUDED.channel_id, state = EXCLUDED.state, script_state = EXCLUDED.script_state,
        response_code = EXCLUDED.response_code, status_post_url = EXCLUDED.status_post_url,
        sequence = EXCLUDED.sequence, answered_at = EXCLUDED.answered_at, ended_at = EXCLUDED.ended_at,
        end_reason = EXCLUDED.end_reason,
        transfer = EXCLUDED.transfer, route = EXCLUDED.route, tries = EXCLUDED.tries, due_at = EXCLUDED.due_at,
        legs = EXCLUDED.legs, leg_number = EXCLUDED.leg_number, leg_route = EXCLUDED.leg_route,
        leg_answered_at = EXCLUDED.leg_answered_at
    WHERE calls.ended_at IS NULL AND calls.dialled_at IS NOT DISTINCT FROM EXCLUDED.dialled_at
      AND calls.controller_id IS NOT DISTINCT FROM EXCLUDED.controller_id
    RETURNING queue_id
), posted AS (
    INSERT INTO postbacks (id, subject, sequence, event, final, license_key, url, lane, body)
    SELECT id, subject, sequence, event, final, license_key, url, lane, body
    FROM ROWS FROM (json_to_recordset(:postbacks::text::json)
                    AS (queue_id bigint, id uuid, subject text, sequence integer, event text, final boolean,
                        license_key text, url text, lane text, body text))
         WITH ORDINALITY
         AS new (queue_id, id, subject, sequence, event, final, license_key, url, lane, body, place)
    JOIN written USING (queue_id)
    ORDER BY place
    ON CONFLICT (id) DO NOTHING
    RETURNING number, lane, subject, sequence, created_at
), queued AS (
    INSERT INTO postback_outbox (number, lane, subject, sequence, created_at, due_at)
    SELECT number, lane, subject, sequence, created_at, clock_timestamp() FROM posted
    RETURNING number
), metered AS (
    INSERT INTO usage_records (record_id, license_key, product, direction, did, number, country, route, units, sign,
                               began_at, at, note)
    SELECT record_id, license_key, product, direction, did, number, country, route, units, sign, began_at, at, note
    FROM json_to_recordset(:usage::text::json)
         AS new (queue_id bigint, record_id text, license_key text, product text, direction text, did text, number text,
                 country text, route text, units bigint, sign smallint, began_at timestamptz, at timestamptz, note text)
    JOIN written USING (queue_id)
    ON CONFLICT (record_id) DO NOTHING
)
SELECT pg_notify('ringpost_postbacks', '') FROM queued LIMIT 1
