-- A call that comes in takes its place among those that its key may have at once, if one is free, calls of all controllers
-- counted. What the journal has stored meanwhile is counted there.
WITH old AS (
    DELETE FROM call_admissions WHERE admitted_at < clock_timestamp() - interval '10 seconds'
)
INSERT INTO call_admissions (queue_id, license_key, admitted_at)
SELECT :queue_id::bigint, :license_key, clock_timestamp()
WHERE (SELECT count(*) FROM calls
       WHERE license_key = :license_key AND ended_at IS NULL AND due_at IS NULL AND queue_id <> :queue_id)
      + (SELECT count(*) FROM call_admissions AS admitted
         WHERE license_key = :license_key AND admitted_at > clock_timestamp() - interval '10 seconds'
           AND NOT EXISTS (SELECT FROM calls WHERE calls.queue_id = admitted.queue_id)) < :most
RETURNING queue_id
