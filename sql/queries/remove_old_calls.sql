-- A step of the retention: calls that ended more than so many seconds ago, with their traces and what was asked for, and
-- the programs that no other call refers to; gives how many calls went.
WITH old AS (
    SELECT queue_id, program FROM calls WHERE ended_at < now() - make_interval(secs => $1) ORDER BY ended_at LIMIT $2
), traces AS (
    DELETE FROM call_trace USING old WHERE call_trace.queue_id = old.queue_id
), asked AS (
    DELETE FROM notifications USING old WHERE notifications.queue_id = old.queue_id
), unused AS (
    -- One that was used within a day may be about to be a new call's; what is left here is found by remove_unused_programs.
    DELETE FROM programs
    WHERE content_hash IN (SELECT program FROM old) AND used_at < now() - interval '1 day'
      AND NOT EXISTS (
          SELECT FROM calls WHERE program = content_hash AND queue_id NOT IN (SELECT queue_id FROM old)
      )
), gone AS (
    DELETE FROM calls USING old WHERE calls.queue_id = old.queue_id RETURNING 1
)
SELECT count(*) FROM gone
