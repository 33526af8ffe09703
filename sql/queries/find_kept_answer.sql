-- The first answer to a request with this Idempotency-Key, within the day that it is good for.
SELECT request, answer FROM kept_answers
WHERE license_key = $1 AND idempotency_key = $2 AND at > now() - interval '1 day'
