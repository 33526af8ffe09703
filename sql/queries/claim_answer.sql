-- Claims a request with an Idempotency-Key for whoever runs it, unless it is claimed or answered already; gives whether it was
-- claimed now, and otherwise the request and its answer: null while another runs it. A claim is good for so many seconds, an
-- answer for a day.
WITH claimed AS (
    INSERT INTO kept_answers AS kept (license_key, idempotency_key, request, answer)
    VALUES (:license_key, :idempotency_key, :request, NULL)
    ON CONFLICT (license_key, idempotency_key) DO UPDATE SET request = excluded.request, answer = NULL, at = now()
    WHERE kept.at < now() - interval '1 day'
       OR kept.answer IS NULL AND kept.at < now() - make_interval(secs => :claim_seconds)
    RETURNING true
)
SELECT EXISTS (SELECT FROM claimed) AS claimed, kept.request, kept.answer
FROM (VALUES (1)) AS one
LEFT JOIN kept_answers AS kept ON (kept.license_key, kept.idempotency_key) = (:license_key, :idempotency_key)
