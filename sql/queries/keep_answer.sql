-- Keeps the first answer to a request; each one that is kept sweeps a few that are too old.
WITH old AS (
    DELETE FROM kept_answers
    WHERE (license_key, idempotency_key) IN (
        SELECT license_key, idempotency_key FROM kept_answers
        WHERE at < now() - interval '1 day' AND (license_key, idempotency_key) <> ($1, $2)
        ORDER BY at LIMIT 20 FOR UPDATE SKIP LOCKED)
)
INSERT INTO kept_answers AS kept (license_key, idempotency_key, request, answer) VALUES ($1, $2, $3, $4)
ON CONFLICT (license_key, idempotency_key)
DO UPDATE SET request = excluded.request, answer = excluded.answer, at = now() WHERE kept.at < now() - interval '1 day'
