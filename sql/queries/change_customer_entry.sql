-- Replaces what an entry holds, and tells every controller; no row when the key has no such entry.
WITH changed AS (
    UPDATE customer_entries SET content = $4, saved_at = now()
    WHERE entry_id = $1 AND license_key = $2 AND kind = $3
    RETURNING entry_id
)
SELECT entry_id, pg_notify('customer_entries', '') FROM changed
