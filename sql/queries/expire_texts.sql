-- Texts whose phone did not register in time.
WITH gone AS (
    DELETE FROM text_outbox
    WHERE text_id IN (
        SELECT text_id FROM text_outbox WHERE expires_at < now()
        ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING text_id
)
UPDATE texts
SET state = 'expired', result_at = clock_timestamp()
FROM gone
WHERE texts.text_id = gone.text_id AND state IN ('queued', 'held')
RETURNING texts.*
