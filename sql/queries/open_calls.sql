-- Calls in progress as far as the store knows, with what is needed to go on with them or to close them; not those that
-- wait for a try.
SELECT calls.queue_id, direction, license_key, our_number, their_number, channel_id, program, source, state, response_code,
       status_post_url, sequence, started_at, answered_at, route, tries, due_at, dialled_at,
       caller_id_name, most_tries, next_try_seconds, max_call_seconds,
       coalesce((SELECT max(number) FROM call_trace WHERE call_trace.queue_id = calls.queue_id), 0) AS trace_number
FROM calls LEFT JOIN programs ON content_hash = program LEFT JOIN notifications USING (queue_id)
WHERE ended_at IS NULL AND due_at IS NULL
ORDER BY calls.queue_id
