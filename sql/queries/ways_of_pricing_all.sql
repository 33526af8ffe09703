-- As ways_of_pricing, of all keys: those that a hundredth of the table shows, which are nearly all that there are.
SELECT DISTINCT product, direction, left(number, :digits) AS prefix, route = '' AS inside,
       CASE cardinality(:changes::timestamptz[]) WHEN 1 THEN 1 ELSE width_bucket(at, :changes) END AS period
FROM usage_records TABLESAMPLE SYSTEM (1)
WHERE at >= :since AND at < :until
