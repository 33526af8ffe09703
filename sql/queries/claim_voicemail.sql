-- Messages that are to be mailed now, so many at most; whoever took them has so many seconds, then others try.
UPDATE voicemail_messages
SET mail_due_at = now() + make_interval(secs => $2), mail_tries = mail_tries + 1
WHERE message_id IN (
    SELECT message_id FROM voicemail_messages
    WHERE mail_due_at <= now()
    ORDER BY mail_due_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED
)
RETURNING message_id, license_key, sound_id, mailbox, queue_id, caller, seconds, left_at, folder, heard, mail_tries
