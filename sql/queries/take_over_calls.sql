-- Makes calls in progress this controller's ($1): those whose channels are in its own application ($3, on the Asterisk $2),
-- whoever had them; those that nobody has, from before there were owners; and those of controllers that have given no sign
-- of life for a lease ($4 seconds), once this one has watched for so long itself. Of several controllers that ask at once
-- one gets a call. seen_at: when the one that had it last gave a sign of life.
WITH dead AS (
    SELECT other.id
    FROM controllers AS other, controllers AS this
    WHERE this.id = $1 AND other.id <> $1
      AND this.steady_since < now() - make_interval(secs => $4)
      AND other.heartbeat_at < now() - make_interval(secs => $4)
)
UPDATE calls
SET controller_id = $1, seen_at = (SELECT heartbeat_at FROM controllers WHERE id = calls.controller_id)
WHERE ended_at IS NULL AND due_at IS NULL AND controller_id IS DISTINCT FROM $1
  AND (controller_id IS NULL
       OR controller_id IN (SELECT id FROM dead)
       OR asterisk = $2 AND channel_id = ANY($3::text[]))
RETURNING queue_id
