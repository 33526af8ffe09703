-- The different ways in which usage of a key is priced in a period: as much of each number as tells a price, and between
-- which of the moments at which prices change.
SELECT DISTINCT product, direction, left(number, :digits) AS prefix, route = '' AS inside,
       CASE cardinality(:changes::timestamptz[]) WHEN 1 THEN 1 ELSE width_bucket(at, :changes) END AS period
FROM usage_records
WHERE license_key = :license_key AND at >= :since AND at < :until
