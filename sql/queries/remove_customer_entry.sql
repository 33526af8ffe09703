-- Removes an entry, and tells every controller; no row when the key has no such entry.
WITH removed AS (
    DELETE FROM customer_entries WHERE entry_id = $1 AND license_key = $2 AND kind = $3 RETURNING entry_id
)
SELECT entry_id, pg_notify('customer_entries', '') FROM removed
