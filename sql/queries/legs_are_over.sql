-- The legs of a call's transfer have left their channels.
UPDATE calls SET transfer_routes = '{}' WHERE queue_id = $1 AND transfer_routes <> '{}'
