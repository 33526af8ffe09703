-- The tables of Ringpost with the columns that are written to, those that others refer to first: for a copy of everything.
WITH RECURSIVE tables AS (
    SELECT pg_class.oid, relname::text AS name
    FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname <> 'schema_migrations'
), depths AS (
    SELECT oid, 0 AS depth FROM tables
    UNION
    SELECT conrelid, depth + 1
    FROM depths JOIN pg_constraint ON confrelid = depths.oid AND contype = 'f' AND conrelid <> confrelid
    WHERE depth < 20
)
SELECT name,
       ARRAY(SELECT attname::text FROM pg_attribute
             WHERE attrelid = tables.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum) AS columns
FROM tables
ORDER BY (SELECT max(depth) FROM depths WHERE depths.oid = tables.oid), name
