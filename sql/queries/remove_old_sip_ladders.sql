-- A step of the retention: SIP messages that are kept for more than so many seconds; gives how many rows went.
WITH gone AS (
    DELETE FROM sip_ladders
    WHERE ctid IN (
        SELECT ctid FROM sip_ladders WHERE kept_at < now() - make_interval(secs => $1) ORDER BY kept_at LIMIT $2
    )
    RETURNING 1
)
SELECT count(*) FROM gone
