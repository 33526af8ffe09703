-- The assignment table, packed.
SELECT data FROM line_assignments
