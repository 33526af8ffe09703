-- As sum_usage, of all keys: each is the part of its own.
SELECT license_key AS part, usage_records.product, usage_records.direction,
       CASE WHEN way.product IS NULL THEN left(number, :digits) END AS prefix,
       CASE WHEN way.product IS NULL THEN route = '' END AS inside,
       CASE WHEN way.product IS NULL THEN CASE cardinality(:changes::timestamptz[]) WHEN 1 THEN 1 ELSE width_bucket(at, :changes) END END AS period,
       CASE WHEN way.product IS NULL THEN usage_records.units END AS each,
       sum(sign)::bigint AS records, sum(sign * usage_records.units)::bigint AS units,
       coalesce(sum(sign) FILTER (WHERE NOT priced), 0)::bigint AS unpriced,
       coalesce(sum(sign * div(2 * greatest(least_price, first_price
           + minute_price * (greatest(0, (usage_records.units - first_units + next_units - 1) / next_units) * next_units))
           + 60, 120)), 0) AS amount
FROM usage_records
LEFT JOIN unnest(:product::text[], :direction::text[], :prefix::text[], :inside::boolean[], :period::integer[],
                 :priced::boolean[], :first_units::bigint[], :next_units::bigint[], :first_price::numeric[],
                 :minute_price::numeric[], :least_price::numeric[])
     AS way (product, direction, prefix, inside, period, priced, first_units, next_units, first_price, minute_price,
             least_price)
     ON way.product = usage_records.product AND way.direction = usage_records.direction
     AND way.prefix = left(number, :digits) AND way.inside = (route = '')
     AND way.period = CASE cardinality(:changes::timestamptz[]) WHEN 1 THEN 1 ELSE width_bucket(at, :changes) END
WHERE at >= :since AND at < :until
GROUP BY 1, 2, 3, 4, 5, 6, 7
