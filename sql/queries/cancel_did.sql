-- Takes a number back that a key was given, with everything that was set about it, and tells every controller; no row when
-- the key does not have it.
WITH cancelled AS (
    DELETE FROM did_grants WHERE number = $1 AND (license_key = $2 OR sms_key = $2) RETURNING number
)
SELECT number, pg_notify('did_grants', number) FROM cancelled
