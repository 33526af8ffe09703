-- What a key has not read yet, the oldest first; it is read now, by whoever asked first.
WITH unread AS (
    SELECT text_id FROM texts
    WHERE license_key = $1 AND direction = 'incoming' AND read_at IS NULL
    ORDER BY queued_at LIMIT $2 FOR UPDATE SKIP LOCKED
), marked AS (
    UPDATE texts SET read_at = now() FROM unread WHERE texts.text_id = unread.text_id RETURNING texts.*
)
SELECT * FROM marked ORDER BY queued_at, text_id
