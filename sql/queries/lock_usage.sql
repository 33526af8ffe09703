-- Who corrects a record, or counts what a key may still use, does so one after the other until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('usage ' || $1::text, 0))
