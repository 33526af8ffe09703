-- Every controller that gave a sign of life within a day, with the calls that it has.
SELECT id, asterisk, started_at, heartbeat_at, extract(epoch FROM now() - heartbeat_at)::float8 AS silent_seconds,
       (SELECT count(*) FROM calls
        WHERE controller_id = controllers.id AND ended_at IS NULL AND due_at IS NULL) AS calls
FROM controllers WHERE heartbeat_at > now() - interval '1 day' ORDER BY started_at
