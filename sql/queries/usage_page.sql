-- Usage records of a key in the order of their time, so many after a place: a page of an export, or of a list of calls.
SELECT record_id, license_key, product, direction, did, number, country, route, units, sign, began_at, at, note
FROM usage_records
WHERE license_key = :license_key AND at < :until AND (at, record_id) > (:after, :after_id)
  AND (:products::text[] IS NULL OR product = ANY(:products))
ORDER BY at, record_id
LIMIT :most
