-- As sum_usage, of all keys: each is the part of its own.
SELECT license_key AS part, usage_records.product, usage_records.direction,
       array_agg(concat_ws(' ', sign, usage_records.units,
           CASE cardinality(:changes::timestamptz[]) WHEN 1 THEN 1 ELSE width_bucket(at, :changes) END,
           (route = '')::integer, left(number, :digits))) FILTER (WHERE way.product IS NULL) AS unrated,
       sum(sign)::bigint AS records, sum(sign * usage_records.units)::bigint AS units,
       coalesce(sum(sign) FILTER (WHERE NOT priced), 0)::bigint AS unpriced,
       coalesce(sum(sign * ((2 * greatest(least_price, first_price
           + next_price * ((greatest(usage_records.units - first_units, 0) + next_units - 1) / next_units * next_units))
           + :divisor) / (2 * :divisor::bigint))), 0) AS amount
FROM usage_records
LEFT JOIN unnest(:product::text[], :direction::text[], :prefix::text[], :inside::boolean[], :period::integer[],
                 :priced::boolean[], :most_units::bigint[], :first_units::bigint[], :next_units::bigint[],
                 :first_price::bigint[], :next_price::bigint[], :least_price::bigint[])
     AS way (product, direction, prefix, inside, period, priced, most_units, first_units, next_units, first_price,
             next_price, least_price)
     ON way.product = usage_records.product AND way.direction = usage_records.direction
     AND way.prefix = left(number, :digits) AND way.inside = (route = '')
     AND way.period = CASE cardinality(:changes::timestamptz[]) WHEN 1 THEN 1 ELSE width_bucket(at, :changes) END
     AND usage_records.units <= way.most_units
WHERE at >= :since AND at < :until
GROUP BY 1, 2, 3
