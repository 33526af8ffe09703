-- Texts whose sender died with them: nobody can tell whether they arrived.
UPDATE texts
SET state = 'unknown', result_at = clock_timestamp(), lease = NULL, leased_until = NULL
WHERE text_id IN (
    SELECT text_id FROM texts WHERE state = 'sending' AND leased_until < now()
    ORDER BY leased_until LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING *
