-- As sum_usage, of all keys: each is the part of its own.
SELECT product, direction, license_key AS part, prefix, inside, units, period, sum(sign)::bigint AS records
FROM usage_records,
     LATERAL (SELECT left(number, :digits) AS prefix,
                     route = '' AS inside,
                     width_bucket(at, :changes::timestamptz[]) AS period) AS what
WHERE at >= :since AND at < :until
GROUP BY product, direction, license_key, prefix, inside, units, period
