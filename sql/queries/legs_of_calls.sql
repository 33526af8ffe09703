-- What is stored of the transfers of these calls: each leg that is metered, and the one that stands now, if one does.
SELECT queue_id, license_key, our_number, leg.answered_at
FROM calls CROSS JOIN LATERAL (
    SELECT began_at AS answered_at
    FROM generate_series(1, legs) AS place JOIN usage_records ON record_id = 'transfer:' || queue_id || ':' || place
    UNION ALL
    SELECT leg_answered_at
) AS leg
WHERE queue_id = ANY(:queue_ids::bigint[])
