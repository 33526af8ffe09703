-- The age in seconds of the oldest post-back that waits; null when none does.
SELECT extract(epoch FROM now() - created_at)::double precision FROM postback_outbox ORDER BY number LIMIT 1
