-- A plan made while the outbox was empty must not be kept for a backlog of a million rows; for this transaction only.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true)
