-- A text that is not sent after all; nothing when it is not waiting any more.
WITH gone AS (DELETE FROM text_outbox WHERE text_id = $1 RETURNING text_id)
UPDATE texts
SET state = 'cancelled', result_at = clock_timestamp()
FROM gone
WHERE texts.text_id = gone.text_id AND state IN ('queued', 'held')
RETURNING texts.*
