-- Calls in progress of one controller ($1), as far as the store knows, with what is needed to go on with them or to close
-- them; not those that wait for a try. just_claimed: this process claimed it so shortly ago ($2 seconds) that it may not have
-- begun yet.
SELECT calls.queue_id, direction, license_key, our_number, their_number, channel_id, program, source, state, response_code,
       status_post_url, sequence, started_at, answered_at, route, tries, due_at, dialled_at, asterisk,
       caller_id_name, most_tries, next_try_seconds, max_call_seconds,
       coalesce((SELECT max(number) FROM call_trace WHERE call_trace.queue_id = calls.queue_id), 0) AS trace_number,
       coalesce(dialled_at >= (SELECT controllers.started_at FROM controllers WHERE id = $1)
                AND dialled_at > now() - make_interval(secs => $2), false) AS just_claimed
FROM calls LEFT JOIN programs ON content_hash = program LEFT JOIN notifications USING (queue_id)
WHERE ended_at IS NULL AND due_at IS NULL AND controller_id = $1
ORDER BY calls.queue_id
