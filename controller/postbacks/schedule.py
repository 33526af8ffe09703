"""When a failed post-back is tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import SystemRandom

MINUTE = 60.0
HOUR = 60 * MINUTE
DELAYS = (
    0.0,
    5.0,
    30.0,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    24 * HOUR,
    24 * HOUR,
    24 * HOUR,
)
"""Seconds before each attempt, the first included: Svix's schedule, carried on for three more days."""

LONGEST_RETRY_AFTER = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Schedule:
    """The delays before each attempt, in seconds, each up to `jitter` (a share of 1) longer or shorter.

    `random` gives numbers from 0 to 1.
    """

    delays: tuple[float, ...] = DELAYS
    jitter: float = 0.2
    random: Callable[[], float] = field(default=SystemRandom().random, repr=False)

    @property
    def longest(self) -> float:
        """The longest that `next_delay` gives, in seconds."""
        return max(max(self.delays, default=0.0) * (1 + self.jitter), LONGEST_RETRY_AFTER)

    def next_delay(self, tries: int, retry_after: float | None = None) -> float | None:
        """Seconds from a failed attempt to the next one, after `tries` attempts; None when it was the last.

        A receiver's `Retry-After` (seconds) can only make it later.
        """
        if tries >= len(self.delays):
            return None
        delay = self.delays[tries] * (1 + self.jitter * (2 * self.random() - 1))
        return max(delay, retry_after or 0.0)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3), at most a day; None for none, or nonsense."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)
