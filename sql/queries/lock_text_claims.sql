-- One process claims texts at a time, until the end of its transaction: then their rolling windows are exact.
SELECT pg_advisory_xact_lock(hashtext('ringpost.texts.claim'))
