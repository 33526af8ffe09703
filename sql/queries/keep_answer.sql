-- Keeps the first answer to a request.
INSERT INTO kept_answers AS kept (license_key, idempotency_key, request, answer) VALUES ($1, $2, $3, $4)
ON CONFLICT (license_key, idempotency_key)
DO UPDATE SET request = excluded.request, answer = excluded.answer, at = now() WHERE kept.at < now() - interval '1 day'
