-- How often a key used the same in a period: what costs the same is one row, however many records it is. part: what the
-- report is divided by. period: between which of the moments at which prices change. digits: as many as tell a price.
SELECT product, direction, part, prefix, inside, units, period, sum(sign)::bigint AS records
FROM usage_records,
     LATERAL (SELECT left(number, :digits) AS prefix,
                     route = '' AS inside,
                     width_bucket(at, :changes::timestamptz[]) AS period,
                     CASE :by::text WHEN 'day' THEN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
                                    WHEN 'did' THEN did
                                    WHEN 'country' THEN country
                                    ELSE '' END AS part) AS what
WHERE license_key = :license_key AND at >= :since AND at < :until
GROUP BY product, direction, part, prefix, inside, units, period
