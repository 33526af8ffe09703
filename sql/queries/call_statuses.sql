-- How calls stand, by their QueueIDs; of one licence key only where that is named.
SELECT queue_id, direction, license_key, their_number, route, response_code, tries, started_at, dialled_at, answered_at, ended_at,
       script_state, source
FROM calls LEFT JOIN programs ON content_hash = program
WHERE queue_id = ANY($1::bigint[]) AND ($2::text IS NULL OR license_key = $2)
