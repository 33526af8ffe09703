-- A key is warned of a limit: 1 the first time in a day or a month, nothing after that.
INSERT INTO usage_warnings (license_key, limit_name, level, period)
VALUES (:license_key, :limit_name, :level, :period)
ON CONFLICT DO NOTHING
RETURNING 1
