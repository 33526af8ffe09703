-- Removes the assignment table, and tells every controller.
WITH removed AS (DELETE FROM line_assignments RETURNING 1)
SELECT pg_notify('ringpost_line_assignments', '')::text FROM removed
