-- One step of the retention: files that customers uploaded long ago; gives how many went.
WITH old AS (
    SELECT media_id FROM media WHERE at < now() - make_interval(secs => $1) ORDER BY at LIMIT $2
), gone AS (
    DELETE FROM media USING old WHERE media.media_id = old.media_id RETURNING 1
)
SELECT count(*) FROM gone
