-- A step of the retention: usage that is older than so many seconds. Gives how many went.
WITH gone AS (
    DELETE FROM usage_records
    WHERE record_id IN (SELECT record_id FROM usage_records WHERE at < now() - make_interval(secs => $1) LIMIT $2)
    RETURNING 1
)
SELECT count(*) FROM gone
