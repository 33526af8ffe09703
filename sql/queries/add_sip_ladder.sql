-- Keeps SIP messages of a call.
INSERT INTO sip_ladders (queue_id, messages) VALUES ($1, $2::jsonb)
