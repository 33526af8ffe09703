-- One controller at a time counts calls and claims some, until the end of its transaction; so no limit is used twice. A
-- controller that stands still meanwhile is cut off after five seconds.
SELECT set_config('idle_in_transaction_session_timeout', '5s', true),
       pg_advisory_xact_lock(hashtext('ringpost.calls.claim'))
