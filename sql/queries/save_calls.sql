-- The journal's batch: each call's newest state, and the new lines of their traces; sent again, it changes nothing, also
-- when the next try of an outgoing call has begun meanwhile (each has a dialled_at of its own). A call that another
-- controller has taken over is left as that one has it. Gives the calls that were written.
WITH lines AS (
    INSERT INTO call_trace (queue_id, number, at, event, fields)
    SELECT queue_id, number, at, event, fields::jsonb
    FROM unnest($20::bigint[], $21::integer[], $22::timestamptz[], $23::text[], $24::text[])
         AS new (queue_id, number, at, event, fields)
    ON CONFLICT DO NOTHING
)
INSERT INTO calls (queue_id, direction, license_key, our_number, their_number, channel_id, program, state, response_code,
                   status_post_url, sequence, started_at, answered_at, ended_at, end_reason, route, tries, due_at,
                   dialled_at, controller_id, asterisk)
SELECT queue_id, direction, license_key, our_number, their_number, channel_id, program, state::jsonb, response_code,
       status_post_url, sequence, started_at, answered_at, ended_at, end_reason, route, tries, due_at, dialled_at,
       $25, $26
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::integer[], $10::text[], $11::integer[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[],
            $15::text[], $16::text[], $17::integer[], $18::timestamptz[], $19::timestamptz[])
     AS new (queue_id, direction, license_key, our_number, their_number, channel_id, program, state, response_code,
             status_post_url, sequence, started_at, answered_at, ended_at, end_reason, route, tries, due_at, dialled_at)
ON CONFLICT (queue_id) DO UPDATE
SET channel_id = EXCLUDED.channel_id, state = EXCLUDED.state, response_code = EXCLUDED.response_code,
    sequence = EXCLUDED.sequence, answered_at = EXCLUDED.answered_at, ended_at = EXCLUDED.ended_at,
    end_reason = EXCLUDED.end_reason, route = EXCLUDED.route, tries = EXCLUDED.tries, due_at = EXCLUDED.due_at
WHERE calls.ended_at IS NULL AND calls.dialled_at IS NOT DISTINCT FROM EXCLUDED.dialled_at
  AND calls.controller_id IS NOT DISTINCT FROM EXCLUDED.controller_id
RETURNING queue_id
