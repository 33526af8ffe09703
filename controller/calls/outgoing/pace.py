"""Pace: how fast calls may be placed. Pure: whoever asks says what time it is."""

from __future__ import annotations

# What a late wake-up may catch up on.
SLACK_SECONDS = 0.1


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
