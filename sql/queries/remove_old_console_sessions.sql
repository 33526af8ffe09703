-- One step of the retention: sessions, links and failed log-ins that count no more; gives how many sessions went.
WITH links AS (
    DELETE FROM console_links WHERE expires_at < now()
), failures AS (
    DELETE FROM console_failures WHERE at < now() - interval '1 day'
), old AS (
    SELECT token FROM console_sessions WHERE used_at < now() - make_interval(secs => $1) ORDER BY used_at LIMIT $2
), gone AS (
    DELETE FROM console_sessions USING old WHERE console_sessions.token = old.token RETURNING 1
)
SELECT count(*) FROM gone
