-- The newest outgoing calls of a licence key to a number.
SELECT queue_id, direction, license_key, their_number, route, response_code, tries, started_at, dialled_at, answered_at, ended_at,
       script_state, source
FROM calls LEFT JOIN programs ON content_hash = program
WHERE their_number = $1 AND license_key = $2 AND direction = 'outgoing'
ORDER BY started_at DESC, queue_id DESC
LIMIT $3
