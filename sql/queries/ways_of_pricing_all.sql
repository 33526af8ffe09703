-- As ways_of_pricing, of all keys.
SELECT DISTINCT product, direction, left(number, :digits) AS prefix, route = '' AS inside,
       width_bucket(at, :changes::timestamptz[]) AS period
FROM usage_records
WHERE at >= :since AND at < :until
