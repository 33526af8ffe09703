-- Texts that are over and older than so many days, so many at a time; gives how many.
WITH old AS (
    SELECT text_id FROM texts
    WHERE queued_at < now() - make_interval(secs => $1) AND state NOT IN ('queued', 'held', 'sending')
    LIMIT $2
), removed AS (
    DELETE FROM texts USING old WHERE texts.text_id = old.text_id RETURNING 1
)
SELECT count(*) FROM removed
