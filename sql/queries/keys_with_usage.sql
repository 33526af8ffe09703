-- The keys that used something in a period, each once, found by skipping through the index.
WITH RECURSIVE keys AS (
    (SELECT license_key FROM usage_records ORDER BY license_key LIMIT 1)
    UNION ALL
    SELECT (SELECT later.license_key FROM usage_records AS later WHERE later.license_key > keys.license_key
            ORDER BY later.license_key LIMIT 1)
    FROM keys WHERE license_key IS NOT NULL
)
SELECT license_key FROM keys
WHERE license_key IS NOT NULL AND EXISTS (
    SELECT FROM usage_records WHERE usage_records.license_key = keys.license_key AND at >= :since AND at < :until)
ORDER BY license_key
