-- How many texts of a key were taken in the last 24 hours to be sent, besides these; our answers to keywords do not count.
SELECT count(*) FROM texts
WHERE license_key = :license_key AND queued_at > now() - interval '24 hours' AND direction = 'outgoing'
  AND source <> 'reply' AND text_id <> ALL(:but::uuid[])
