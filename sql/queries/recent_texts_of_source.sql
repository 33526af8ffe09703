-- How many texts of a key something asked for in so many seconds. The lock makes those who ask at once wait for each other.
SELECT count(*)
FROM texts, (SELECT pg_advisory_xact_lock(hashtext('texts ' || $1 || ' ' || $2))) AS alone
WHERE license_key = $1 AND source = $2 AND queued_at > now() - make_interval(secs => $3)
