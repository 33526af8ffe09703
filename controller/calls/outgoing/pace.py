"""Pace: how fast calls may be placed. Pure: whoever asks says what time it is.

Over all controllers it is held by slots in the database, one interval apart; a token bucket of this process holds it
for transfers while the database is away.
"""

from __future__ import annotations

from controller.calls.store.call_queue import AHEAD_SECONDS

# What a late wake-up may catch up on.
SLACK_SECONDS = 0.1
# So late in its slot a call may be dialled at most; intervals are longer by as much, so that a rolling window holds.
SLOT_SECONDS = 0.05


def trunk_interval(per_second: float) -> float:
    """The seconds from one slot of a trunk to the next: in no rolling second are there more calls than it takes.

    Fewer than one a second are one in a longer time.
    """
    return (1.0 + SLOT_SECONDS) / per_second if per_second >= 1 else 1.0 / per_second + SLOT_SECONDS


def key_interval(per_minute: int) -> float:
    """The seconds from one call of a licence key to the next, as they are claimed: the same of a rolling minute.

    Some may be claimed together, and each waits for its trunk for a moment.
    """
    return (60.0 + AHEAD_SECONDS * 2) / per_minute


class Pace:
    """So many a second, evenly: a token bucket that holds one, and what comes in a tenth of a second."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._most = 1.0 + per_second * SLACK_SECONDS
        self._tokens = 1.0
        self._at: float | None = None

    def allows(self, now: float) -> int:
        """How many may begin now. `now`: seconds of a clock that never goes back."""
        if self._at is not None:
            self._tokens = min(self._most, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        return int(self._tokens)

    def take(self, number: int = 1) -> None:
        """So many have begun."""
        self._tokens -= number

    def wait(self) -> float:
        """Seconds from the last `allows` until one more may begin; 0 when it may now."""
        return max(0.0, (1.0 - self._tokens) / self._per_second)


class Paces:
    """The pace of each key or trunk by its name; a changed limit counts at once."""

    def __init__(self) -> None:
        self._paces: dict[str, tuple[float, Pace]] = {}

    def of(self, name: str, per_second: float) -> Pace:
        """The pace of this name."""
        known = self._paces.get(name)
        if known is None or known[0] != per_second:
            known = self._paces[name] = (per_second, Pace(per_second))
        return known[1]
