-- A report reads much and groups it: it may use memory for that, and is not compiled, which takes longer than it saves. Its
-- few ways of pricing are looked up in a hash table; sorting all that was used by them takes three times as long.
SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true), set_config('enable_mergejoin', 'off', true)
