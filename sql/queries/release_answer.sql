-- Gives up the claim of a request that got no answer to keep: whoever repeats it runs it again.
DELETE FROM kept_answers
WHERE (license_key, idempotency_key) = (:license_key, :idempotency_key) AND request = :request AND answer IS NULL
