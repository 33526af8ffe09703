-- What a key used in a period, and what it costs: each record is rated, and rounded half up, by itself. A way of pricing has
-- sixty times its prices, in the smallest part that an amount has, so that nothing but whole numbers is divided:
-- div(2 x + 60, 120) is x / 60 rounded half up. What is used in a way that was not given comes with that way, and unrated.
SELECT CASE :by::text WHEN 'day' THEN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
                      WHEN 'did' THEN did
                      WHEN 'country' THEN country
                      ELSE '' END AS part, usage_records.product, usage_records.direction,
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
WHERE license_key = :license_key AND at >= :since AND at < :until
GROUP BY 1, 2, 3, 4, 5, 6, 7
