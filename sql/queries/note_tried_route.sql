-- A trunk has failed in a try of a call.
UPDATE calls
SET tried_routes = CASE WHEN tried_in = :tries THEN tried_routes || :route::text ELSE ARRAY[:route::text] END,
    tried_in = :tries
WHERE queue_id = :queue_id
