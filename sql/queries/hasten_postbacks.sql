-- Post-backs that are due later than the longest delay, in seconds, can make them: the clock was set back. They are due now.
-- Gives whether there were any.
WITH far AS (
    SELECT number FROM postback_outbox WHERE due_at > now() + make_interval(secs => $1) LIMIT 10000 FOR UPDATE SKIP LOCKED
), hastened AS (
    UPDATE postback_outbox SET due_at = now(), leased_until = least(leased_until, now()) FROM far
    WHERE postback_outbox.number = far.number
    RETURNING 1
)
SELECT count(*) > 0 FROM hastened
