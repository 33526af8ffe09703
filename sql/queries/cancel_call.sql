-- Ends an outgoing call that waits for a try, and gives what its final post-back tells; no row when it does not wait.
UPDATE calls
SET due_at = NULL, ended_at = now(), end_reason = 'cancelled', response_code = 22, sequence = sequence + 1
WHERE queue_id = $1 AND due_at IS NOT NULL
RETURNING queue_id, direction, license_key, did, caller, channel_id, program, state, response_code, status_post_url,
          sequence - 1 AS sequence, started_at, answered_at, ended_at, end_reason, route, tries, due_at, dialled_at,
          0 AS trace_number
