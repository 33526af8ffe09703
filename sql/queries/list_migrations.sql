-- The migrations that the database has seen, by their numbers: what a copy of it can be put back into.
SELECT name FROM schema_migrations ORDER BY number
