-- A call that was admitted and came to nothing before it was stored.
DELETE FROM call_admissions WHERE queue_id = $1
