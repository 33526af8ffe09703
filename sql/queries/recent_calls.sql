-- Calls for a person to read, newest first: of a number, of a key, of a time, with a code or a script's variable, only
-- those in progress; those that come after a call in the list; or one.
SELECT queue_id, direction, license_key, our_number, their_number, started_at, answered_at, ended_at, end_reason,
       response_code, tries, due_at, dialled_at
FROM calls
WHERE (:queue_id::bigint IS NULL OR queue_id = :queue_id)
  AND (:number::text IS NULL OR our_number = :number OR their_number = :number)
  AND (:license_key::text IS NULL OR license_key = :license_key)
  AND (:since::timestamptz IS NULL OR started_at >= :since)
  AND (:until::timestamptz IS NULL OR started_at < :until)
  AND (:response_code::int IS NULL OR response_code = :response_code)
  AND (:variable::text IS NULL OR script_state->'variables'->>:variable = :value::text)
  AND (:after_started_at::timestamptz IS NULL OR (started_at, queue_id) < (:after_started_at, :after_queue_id::bigint))
  AND (NOT :open_only::boolean OR ended_at IS NULL)
ORDER BY started_at DESC, queue_id DESC
LIMIT :limit
