-- What a process holds when it stops is due at once, for others or for itself when it comes back.
UPDATE postback_outbox
SET due_at = now(), lease = NULL, leased_until = NULL
WHERE lease = $1
