-- Everything that customers made and lead calls to.
SELECT entry_id, license_key, kind, content FROM customer_entries ORDER BY entry_id
