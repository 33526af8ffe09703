-- A message is mailed, or will be to nobody.
UPDATE voicemail_messages SET mail_due_at = NULL WHERE message_id = $1
