-- The recorded calls of a licence key, the newest first. Null: any account, direction, recording, time.
SELECT recording_id, license_key, sound_id, account, queue_id, direction, destination, seconds, recorded_at
FROM call_recordings
WHERE license_key = $1
  AND ($2::text IS NULL OR account = lower($2)) AND ($3::text IS NULL OR direction = $3)
  AND ($4::bigint IS NULL OR recording_id = $4)
  AND ($5::timestamptz IS NULL OR recorded_at >= $5) AND ($6::timestamptz IS NULL OR recorded_at < $6)
ORDER BY recorded_at DESC, recording_id DESC
OFFSET $7
LIMIT $8
