"""Python's garbage collector, set for a process that answers calls.

A full collection looks at every container there is, and nothing else runs meanwhile: with the modules, the
configuration and the prompts of a running service that is a tenth of a second, in which no call is answered. What is
there when the service has started stays as long as the process, so the collector is told to leave it alone. Calls make
no cycles: they are freed without it, and it may look seldom.
"""

from __future__ import annotations

import gc

# The youngest are looked at after so many more containers were made than freed; older ones after so many such looks.
YOUNGEST = 10_000
MIDDLE = 20
OLDEST = 20


def settle() -> None:
    """Leave all that exists now out of every later collection, and collect seldom. It stops the process for a while."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, MIDDLE, OLDEST)
