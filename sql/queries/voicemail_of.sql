-- The messages of a licence key's mailboxes, the oldest first. Null: any mailbox, folder, message, time.
SELECT message_id, license_key, sound_id, mailbox, queue_id, caller, seconds, left_at, folder, heard, mail_tries
FROM voicemail_messages
WHERE license_key = $1
  AND ($2::text IS NULL OR mailbox = $2) AND ($3::text IS NULL OR folder = $3)
  AND ($4::bigint IS NULL OR message_id = $4)
  AND ($5::timestamptz IS NULL OR left_at >= $5) AND ($6::timestamptz IS NULL OR left_at < $6)
ORDER BY left_at, message_id
LIMIT $7
