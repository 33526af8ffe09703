-- The legs of a call's transfer take channels of trunks, one entry a leg, if as many are free; calls and legs of
-- all controllers count.
UPDATE calls
SET transfer_routes = :routes::text[]
WHERE queue_id = :queue_id AND NOT EXISTS (
    SELECT FROM unnest(:trunks::text[], :channels::integer[]) AS trunk (name, channels)
    WHERE cardinality(array_positions(:routes::text[], trunk.name))
          + (SELECT count(*) FILTER (WHERE route = trunk.name)
                    + coalesce(sum(cardinality(array_positions(transfer_routes, trunk.name)))
                               FILTER (WHERE queue_id <> :queue_id), 0)
             FROM calls
             WHERE ended_at IS NULL AND due_at IS NULL) > trunk.channels
)
RETURNING queue_id
