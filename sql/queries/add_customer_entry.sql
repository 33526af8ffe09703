-- Keeps an entry, and tells every controller; gives its number.
WITH added AS (
    INSERT INTO customer_entries (license_key, kind, content) VALUES ($1, $2, $3) RETURNING entry_id
)
SELECT entry_id, pg_notify('customer_entries', '') FROM added
