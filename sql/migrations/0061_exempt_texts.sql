-- The confirmations of opt-outs are found among the texts of a key that has reached a limit of its usage, however many wait.

CREATE INDEX text_outbox_exempt ON text_outbox (lane, due_at) WHERE exempt;
