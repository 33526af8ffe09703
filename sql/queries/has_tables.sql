-- Whether there is anything in the database's schema: a copy goes into an empty one.
SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'S', 'v'))
