-- A report reads much and groups it: it may use memory for that, and is not compiled, which takes longer than it saves.
SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)
