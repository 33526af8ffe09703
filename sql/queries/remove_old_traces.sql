-- A step of the retention: the traces of calls that ended more than so many seconds ago, for calls that are kept longer
-- than their traces; gives how many calls were looked at.
WITH old AS (
    SELECT queue_id, ended_at
    FROM calls, retention_marks AS mark
    WHERE mark.name = 'traces' AND ended_at < now() - make_interval(secs => $1)
      AND ended_at >= mark.at AND (ended_at > mark.at OR queue_id > ('0' || mark.place)::bigint)
    ORDER BY ended_at, queue_id
    LIMIT $2
), gone AS (
    DELETE FROM call_trace USING old WHERE call_trace.queue_id = old.queue_id
), moved AS (
    UPDATE retention_marks
    SET at = last.ended_at, place = last.queue_id::text
    FROM (SELECT ended_at, queue_id FROM old ORDER BY ended_at DESC, queue_id DESC LIMIT 1) AS last
    WHERE name = 'traces'
)
SELECT count(*) FROM old
