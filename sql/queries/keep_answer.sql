-- Keeps the first answer to a request that was claimed.
UPDATE kept_answers SET answer = :answer, at = now()
WHERE (license_key, idempotency_key) = (:license_key, :idempotency_key) AND request = :request AND answer IS NULL
