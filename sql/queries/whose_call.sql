-- Whose a call is, and whether that controller has given a sign of life within a lease.
SELECT controller_id, ended_at IS NOT NULL AS ended, due_at IS NOT NULL AS waits,
       coalesce(heartbeat_at > now() - make_interval(secs => :lease_seconds), false) AS controller_lives
FROM calls LEFT JOIN controllers ON controllers.id = controller_id
WHERE queue_id = :queue_id
