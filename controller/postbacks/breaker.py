"""Circuit breakers: a receiver that fails for long is held back, so that it costs the others nothing."""

from __future__ import annotations

from dataclasses import dataclass

# So many failing receivers are remembered; of more, the one that failed first is forgotten.
MOST_REMEMBERED = 10_000
PROBE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class BreakerOptions:
    """After `failures` in a row nothing is sent for `hold_seconds`, then one attempt; each failure of that one doubles
    the time, up to `longest_hold_seconds`."""

    failures: int = 10
    hold_seconds: float = 15.0
    longest_hold_seconds: float = 600.0


@dataclass(slots=True)
class Breaker:
    """What is known of one failing receiver. Times are of a monotonic clock, in seconds."""

    failures: int = 0
    held_until: float = 0.0
    last_hold: float = 0.0
    probing_until: float = 0.0


class Breakers:
    """The breakers of all receivers by name (a lane, or a URL without its query); healthy ones take no memory."""

    def __init__(self, options: BreakerOptions) -> None:
        self._options = options
        self._failing: dict[str, Breaker] = {}

    def succeeded(self, name: str) -> None:
        """All is well again."""
        self._failing.pop(name, None)

    def failed(self, name: str, now: float) -> bool:
        """Count a failure; True when it opens the breaker."""
        breaker = self._failing.get(name)
        if breaker is None:
            if len(self._failing) >= MOST_REMEMBERED:
                self._failing.pop(next(iter(self._failing)))
            breaker = self._failing[name] = Breaker()
        breaker.failures += 1
        breaker.probing_until = 0.0
        # Those under way when it opened say nothing new.
        if breaker.failures < self._options.failures or breaker.held_until > now:
            return False
        doubled = breaker.last_hold * 2 or self._options.hold_seconds
        breaker.last_hold = min(doubled, self._options.longest_hold_seconds)
        breaker.held_until = now + breaker.last_hold
        return True

    def hold(self, name: str, until: float) -> None:
        """Hold back until a time, as a receiver asked for with Retry-After."""
        breaker = self._failing.setdefault(name, Breaker())
        breaker.held_until = max(breaker.held_until, until)

    def held_for(self, name: str, now: float) -> float:
        """Seconds for which nothing is to be sent, 0 for a receiver that may be tried."""
        breaker = self._failing.get(name)
        return max(0.0, breaker.held_until - now) if breaker else 0.0

    def wait_for(self, name: str, now: float) -> float:
        """Seconds to wait before an attempt, 0 to make it now. After a hold the first to ask is the one that tries."""
        breaker = self._failing.get(name)
        if breaker is None:
            return 0.0
        if breaker.held_until > now:
            return breaker.held_until - now
        if breaker.failures >= self._options.failures:
            if breaker.probing_until > now:
                return self._options.hold_seconds
            # Not for ever: an attempt of which nothing is learnt, or that is cancelled, makes room for another.
            breaker.probing_until = now + PROBE_SECONDS
        return 0.0

    def room(self, name: str, most: int, now: float) -> int:
        """How many may be under way at once: `most` for a healthy one, half of that after each failure, at least 1."""
        breaker = self._failing.get(name)
        if breaker is None:
            return most
        if breaker.held_until > now:
            return 0
        return max(1, most >> min(breaker.failures, 16))

    def names(self) -> list[str]:
        """All failing receivers."""
        return list(self._failing)

    def held(self, now: float) -> list[tuple[str, float]]:
        """The receivers held back now, each with the seconds left."""
        return [(name, b.held_until - now) for name, b in self._failing.items() if b.held_until > now]
