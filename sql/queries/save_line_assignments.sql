-- Replaces the assignment table, and tells every controller.
WITH saved AS (
    INSERT INTO line_assignments (file, as_of, blocks, data) VALUES ($1, $2, $3, $4)
    ON CONFLICT (one) DO UPDATE
    SET file = excluded.file, as_of = excluded.as_of, blocks = excluded.blocks, data = excluded.data, imported_at = now()
    RETURNING 1
)
SELECT pg_notify('ringpost_line_assignments', '') FROM saved
