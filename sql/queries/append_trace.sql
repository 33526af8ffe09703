-- The journal's batch of trace lines; a line that is there already stays as it is.
INSERT INTO call_trace (queue_id, number, at, event, fields)
SELECT queue_id, number, at, event, fields::jsonb
FROM unnest($1::bigint[], $2::integer[], $3::timestamptz[], $4::text[], $5::text[])
     AS new (queue_id, number, at, event, fields)
ON CONFLICT DO NOTHING
