"""A call as a value: its states, what was asked for, its response codes. No I/O."""
