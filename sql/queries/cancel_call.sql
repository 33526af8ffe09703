-- Ends an outgoing call that waits for a try, and gives what its final post-back tells; no row when it does not wait.
WITH cancelled AS (
    UPDATE calls
    SET due_at = NULL, ended_at = now(), end_reason = 'cancelled', response_code = 22, sequence = sequence + 1
    WHERE queue_id = $1 AND due_at IS NOT NULL
    RETURNING *
), line AS (
    INSERT INTO call_trace (queue_id, number, at, event, fields)
    SELECT queue_id, 1 + coalesce((SELECT max(number) FROM call_trace WHERE call_trace.queue_id = cancelled.queue_id), 0),
           ended_at, 'end', '{"reason": "cancelled"}'
    FROM cancelled
    RETURNING number
)
SELECT queue_id, direction, license_key, our_number, their_number, channel_id, program, state, response_code, status_post_url,
       sequence - 1 AS sequence, started_at, answered_at, ended_at, route, tries, due_at, dialled_at,
       line.number AS trace_number
FROM cancelled CROSS JOIN line
