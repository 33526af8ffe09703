-- The SIP messages that are kept of a call, a row for each try.
SELECT messages FROM sip_ladders WHERE queue_id = $1 ORDER BY kept_at LIMIT 40
