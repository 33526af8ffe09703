-- What the assignment table is, for people.
SELECT file, as_of, blocks, imported_at FROM line_assignments
