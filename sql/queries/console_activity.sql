-- What happened in each minute of the last hour: calls that began, calls that were answered, texts each way.
WITH minutes AS (
    SELECT generate_series(date_trunc('minute', now()) - interval '59 minutes', date_trunc('minute', now()),
                           interval '1 minute') AS minute
), begun AS (
    SELECT date_trunc('minute', started_at) AS minute, count(*) AS calls, count(answered_at) AS answered
    FROM calls
    WHERE started_at >= date_trunc('minute', now()) - interval '59 minutes'
      AND (:license_key::text IS NULL OR license_key = :license_key)
    GROUP BY 1
), texted AS (
    SELECT date_trunc('minute', queued_at) AS minute, count(*) FILTER (WHERE direction = 'incoming') AS texts_in,
           count(*) FILTER (WHERE direction = 'outgoing') AS texts_out
    FROM texts
    WHERE queued_at >= date_trunc('minute', now()) - interval '59 minutes'
      AND (:license_key::text IS NULL OR license_key = :license_key)
    GROUP BY 1
)
SELECT minute, coalesce(calls, 0) AS calls, coalesce(answered, 0) AS answered, coalesce(texts_in, 0) AS texts_in,
       coalesce(texts_out, 0) AS texts_out
FROM minutes LEFT JOIN begun USING (minute) LEFT JOIN texted USING (minute)
ORDER BY minute
