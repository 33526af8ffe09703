"""Whether Asterisk can play what calls are to hear, judged by what it did play."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter

# So many in a row, on whatever calls, within so long: it is no single prompt that is at fault.
FAILURES = 3
WITHIN_SECONDS = 300.0


class PlaybackHealth:
    """Counts what was not heard, and tells whether playing works at present.

    clock: seconds that only grow. Without calls nothing is known: after a while playing is taken to work again.
    """

    def __init__(self, registry: CollectorRegistry, clock: Callable[[], float]) -> None:
        self._unheard = Counter("ringpost_prompts_unheard", "Prompts that could not be heard", registry=registry)
        self._clock = clock
        self._in_a_row = 0
        self._last = 0.0

    def heard(self) -> None:
        """A prompt was played."""
        self._in_a_row = 0

    def unheard(self, prompts: int = 1) -> None:
        """So many prompts could not be made, or Asterisk did not play them."""
        self._unheard.inc(prompts)
        self._in_a_row += prompts
        self._last = self._clock()

    async def is_ready(self) -> bool:
        """Whether calls can be expected to hear something."""
        return self._in_a_row < FAILURES or self._clock() - self._last > WITHIN_SECONDS
