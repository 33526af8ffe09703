-- Has a message mailed once more.
UPDATE voicemail_messages SET mail_due_at = now(), mail_tries = 0
WHERE message_id = $1 AND license_key = $2
RETURNING message_id
