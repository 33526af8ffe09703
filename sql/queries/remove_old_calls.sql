-- One small step of the retention: calls that ended before a time, with their traces and what was asked for; gives how
-- many went.
WITH old AS (
    SELECT queue_id FROM calls WHERE ended_at < $1 ORDER BY ended_at LIMIT $2
), traces AS (
    DELETE FROM call_trace USING old WHERE call_trace.queue_id = old.queue_id
), asked AS (
    DELETE FROM notifications USING old WHERE notifications.queue_id = old.queue_id
), gone AS (
    DELETE FROM calls USING old WHERE calls.queue_id = old.queue_id RETURNING 1
)
SELECT count(*) FROM gone
