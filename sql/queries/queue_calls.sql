-- Outgoing calls that wait for their first try, with what was asked for and the programs that they run, which are kept once
-- each, with when they were used, to the hour. The same QueueIDs again are the same calls, for a commit of which the answer was
-- lost.
WITH kept AS (
    INSERT INTO programs (content_hash, source)
    SELECT content_hash, source
    FROM unnest(:program_hash::text[], :program_source::text[]) AS new (content_hash, source)
    WHERE NOT EXISTS (
        -- One that was used just now is not locked: controllers would wait for each other.
        SELECT FROM programs AS known
        WHERE known.content_hash = new.content_hash AND known.used_at >= now() - interval '1 hour'
    )
    ORDER BY content_hash
    ON CONFLICT (content_hash) DO UPDATE SET used_at = now()
), notification AS (
    INSERT INTO notifications (queue_id, caller_id_name, most_tries, next_try_seconds, max_call_seconds, reference_id)
    SELECT *
    FROM unnest(:queue_id::bigint[], :caller_id_name::text[], :most_tries::smallint[], :next_try_seconds::integer[],
                :max_call_seconds::integer[], :reference_id::text[])
    ON CONFLICT DO NOTHING
)
INSERT INTO calls (queue_id, direction, license_key, our_number, their_number, channel_id, program, state, script_state,
                   response_code, status_post_url, sequence, started_at, answered_at, ended_at, end_reason, transfer,
                   route, tries, due_at, dialled_at, legs, leg_number, leg_route, leg_answered_at)
SELECT queue_id, direction, license_key, our_number, their_number, channel_id, program, state, script_state::jsonb,
       response_code, status_post_url, sequence, started_at, answered_at, ended_at, end_reason, transfer, route, tries,
       due_at, dialled_at, legs, leg_number, leg_route, leg_answered_at
FROM unnest(:queue_id::bigint[], :direction::text[], :license_key::text[], :our_number::text[], :their_number::text[],
            :channel_id::text[], :program::text[], :state::text[], :script_state::text[], :response_code::integer[],
            :status_post_url::text[], :sequence::integer[], :started_at::timestamptz[], :answered_at::timestamptz[],
            :ended_at::timestamptz[], :end_reason::text[], :transfer::text[], :route::text[], :tries::integer[],
            :due_at::timestamptz[], :dialled_at::timestamptz[], :legs::smallint[], :leg_number::text[], :leg_route::text[],
            :leg_answered_at::timestamptz[])
     AS new (queue_id, direction, license_key, our_number, their_number, channel_id, program, state, script_state,
             response_code, status_post_url, sequence, started_at, answered_at, ended_at, end_reason, transfer, route,
             tries, due_at, dialled_at, legs, leg_number, leg_route, leg_answered_at)
ON CONFLICT DO NOTHING
