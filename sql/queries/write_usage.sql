-- Usage records of a batch. One that is there already stays: a transaction of unknown fate may be repeated.
INSERT INTO usage_records (record_id, license_key, product, direction, did, number, country, route, units, sign,
                           began_at, at, note)
SELECT *
FROM unnest(:record_id::text[], :license_key::text[], :product::text[], :direction::text[], :did::text[],
            :number::text[], :country::text[], :route::text[], :units::bigint[], :sign::smallint[],
            :began_at::timestamptz[], :at::timestamptz[], :note::text[])
ON CONFLICT (record_id) DO NOTHING
