-- One outgoing call that waits for a try, kept from being claimed until the end of the transaction; no row when it does not
-- wait.
SELECT calls.queue_id, direction, license_key, our_number, their_number, channel_id, program, source, state,
       script_state, response_code, status_post_url, sequence, started_at, answered_at, transfer, route, tries,
       due_at, dialled_at, controller_id, asterisk, false AS just_claimed, legs, leg_number, leg_route, leg_answered_at,
       NULL::timestamptz AS last_seen_at,
       caller_id_name, most_tries, next_try_seconds, max_call_seconds, reference_id,
       coalesce((SELECT max(number) FROM call_trace WHERE call_trace.queue_id = calls.queue_id), 0) AS trace_number
FROM calls LEFT JOIN programs ON content_hash = program JOIN notifications USING (queue_id)
WHERE queue_id = :queue_id AND due_at IS NOT NULL
FOR UPDATE OF calls
