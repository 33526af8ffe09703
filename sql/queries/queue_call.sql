-- An outgoing call that waits for its first try, with what was asked for. The same QueueID again is the same call, for a
-- commit of which the answer was lost.
WITH notification AS (
    INSERT INTO notifications (queue_id, caller_id_name, most_tries, next_try_seconds, max_call_seconds, reference_id)
    VALUES ($1, $11, $12, $13, $14, $15)
    ON CONFLICT DO NOTHING
)
INSERT INTO calls (queue_id, direction, license_key, our_number, their_number, channel_id, program, state, response_code,
                   status_post_url, started_at, route, due_at)
VALUES ($1, 'outgoing', $2, $3, $4, $5, $6, $7::text::jsonb, 0, $8, now(), $9, $10)
ON CONFLICT DO NOTHING
