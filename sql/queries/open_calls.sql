-- Calls in progress of one controller, as far as the store knows, with what is needed to go on with them or to close them;
-- not those that wait for a try. just_claimed: this process claimed it so few seconds ago that it may not have begun yet.
SELECT calls.queue_id, direction, license_key, our_number, their_number, channel_id, program, source, state,
       script_state, response_code, status_post_url, sequence, started_at, answered_at, transfer, route, tries,
       due_at, dialled_at, controller_id, asterisk,
       coalesce(dialled_at >= (SELECT controllers.started_at FROM controllers WHERE id = :controller_id)
                AND dialled_at > now() - make_interval(secs => :just_claimed_seconds), false) AS just_claimed,
       legs, leg_number, leg_route, leg_answered_at,
       CASE WHEN seen_at IS NOT NULL
            THEN greatest(seen_at, (SELECT max(at) FROM call_trace WHERE call_trace.queue_id = calls.queue_id)) END AS last_seen_at,
       caller_id_name, most_tries, next_try_seconds, max_call_seconds, reference_id,
       coalesce((SELECT max(number) FROM call_trace WHERE call_trace.queue_id = calls.queue_id), 0) AS trace_number
FROM calls LEFT JOIN programs ON content_hash = program LEFT JOIN notifications USING (queue_id)
WHERE ended_at IS NULL AND due_at IS NULL AND controller_id = :controller_id
ORDER BY calls.queue_id
