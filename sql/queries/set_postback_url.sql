-- Changes where a customer's post-backs go; what is NULL stays as it is. Tells every controller.
WITH changed AS (
    INSERT INTO postback_urls AS known (license_key, number, kind, enabled, url)
    VALUES ($1, $2, $3, coalesce($4, true), coalesce($5, ''))
    ON CONFLICT (license_key, number, kind)
    DO UPDATE SET enabled = coalesce($4, known.enabled), url = coalesce($5, known.url)
)
SELECT pg_notify('ringpost_postback_urls', '')
