-- A controller starts. Its row outlives it, so that it knows its own calls again after a restart; those were last known to
-- stand at its last sign of life. Rows that nobody has needed for a month leave.
WITH left_open AS (
    UPDATE calls SET seen_at = controllers.heartbeat_at
    FROM controllers
    WHERE controllers.id = $1 AND calls.controller_id = $1 AND ended_at IS NULL AND due_at IS NULL
), gone AS (
    DELETE FROM controllers
    WHERE id <> $1 AND heartbeat_at < now() - interval '30 days'
      AND NOT EXISTS (SELECT FROM calls WHERE controller_id = controllers.id AND ended_at IS NULL)
)
INSERT INTO controllers (id) VALUES ($1)
ON CONFLICT (id) DO UPDATE SET started_at = now(), steady_since = now(), heartbeat_at = now()
RETURNING known_since
