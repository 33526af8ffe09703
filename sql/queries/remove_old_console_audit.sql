-- One step of the retention: entries of the audit log that are past their period; gives how many went.
WITH old AS (
    SELECT entry_id FROM console_audit WHERE at < now() - make_interval(secs => $1) ORDER BY at LIMIT $2
), gone AS (
    DELETE FROM console_audit USING old WHERE console_audit.entry_id = old.entry_id RETURNING 1
)
SELECT count(*) FROM gone
