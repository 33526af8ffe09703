-- Has a sequence of numbers go on where it was when a copy was made.
SELECT setval($1::text::regclass, $2::bigint, $3::boolean)
