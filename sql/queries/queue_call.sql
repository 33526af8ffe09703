-- An outgoing call that waits for its first try, with what was asked for. The same QueueID again is the same call, for a
-- commit of which the answer was lost.
WITH notification AS (
    INSERT INTO notifications (queue_id, caller_id_name, most_tries, next_try_seconds, max_call_seconds, reference_id)
    VALUES (:queue_id, :caller_id_name, :most_tries, :next_try_seconds, :max_call_seconds, :reference_id)
    ON CONFLICT DO NOTHING
)
INSERT INTO calls (queue_id, direction, license_key, our_number, their_number, channel_id, program, state, script_state,
                   response_code, status_post_url, sequence, started_at, answered_at, ended_at, end_reason, transfer,
                   route, tries, due_at, dialled_at)
VALUES (:queue_id, :direction, :license_key, :our_number, :their_number, :channel_id, :program, :state,
        :script_state::text::jsonb, :response_code, :status_post_url, :sequence, :started_at, :answered_at, :ended_at,
        :end_reason, :transfer, :route, :tries, :due_at, :dialled_at)
ON CONFLICT DO NOTHING
