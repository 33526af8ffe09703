-- Shared speech that nobody has fetched for so many days. Gives how many.
WITH removed AS (
    DELETE FROM shared_speech WHERE used_at < now() - make_interval(secs => $1 * 86400) RETURNING 1
)
SELECT count(*) FROM removed
