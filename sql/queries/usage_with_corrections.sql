-- A usage record and all that corrects it, in the order in which they were written: an id that is taken back ends in "-",
-- one that is stated anew in "=".
SELECT record_id, license_key, product, direction, did, number, country, route, units, sign, began_at, at, note
FROM usage_records
WHERE record_id = :record_id
   OR (position('~' IN record_id) > 0 AND split_part(record_id, '~', 1) = :record_id)
ORDER BY length(record_id), record_id COLLATE "C"
