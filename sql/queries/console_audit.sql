-- What was changed in the console, newest first, before an entry where one is named.
SELECT entry_id, at, person, role, license_key, address, action, subject, before, after
FROM console_audit
WHERE (:before_entry::bigint IS NULL OR entry_id < :before_entry)
ORDER BY entry_id DESC
LIMIT :limit
