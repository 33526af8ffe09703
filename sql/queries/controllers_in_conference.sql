-- The controllers that have calls in a conference of a licence key.
SELECT DISTINCT controller_id
FROM calls
WHERE ended_at IS NULL AND due_at IS NULL AND state = 'in-conference' AND license_key = :license_key
  AND lower(script_state -> 'pending' ->> 'key') = lower(:key) AND controller_id IS NOT NULL
