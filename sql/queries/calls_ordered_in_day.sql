-- How many outgoing calls of a key were taken in the last 24 hours, besides these.
SELECT count(*) FROM calls
WHERE license_key = :license_key AND started_at > now() - interval '24 hours' AND direction = 'outgoing'
  AND queue_id <> ALL(:but::bigint[])
