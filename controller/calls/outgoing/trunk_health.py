"""The health of trunks, as the calls of this controller find it: one that keeps failing is left alone for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger()

# So many failures in a row, of any calls, are a failure of the trunk.
FAILURES_IN_A_ROW = 3
# It is left alone for so long, each time twice as long until a call comes through.
SHORTEST_REST_SECONDS = 30.0
LONGEST_REST_SECONDS = 300.0


@dataclass(slots=True)
class _Health:
    failures: int = 0
    rest_seconds: float = 0.0
    rests_until: float = 0.0


class TrunkHealth:
    """clock: seconds of a clock that never goes back. is_offline: whether Asterisk finds a trunk silent."""

    def __init__(self, clock: Callable[[], float], is_offline: Callable[[str], bool] = lambda _trunk: False) -> None:
        self._clock = clock
        self.is_offline = is_offline
        self._trunks: dict[str, _Health] = {}

    def rests(self, trunk: str) -> bool:
        """Whether this trunk is left alone now, by its name."""
        return self.is_offline(trunk) or self.rest_seconds(trunk) > 0

    def rest_seconds(self, trunk: str) -> float:
        """For how long it is left alone, because calls found it failing; 0 when it is not."""
        health = self._trunks.get(trunk)
        return max(0.0, health.rests_until - self._clock()) if health else 0.0

    def failures(self, trunk: str) -> int:
        """How many calls in a row have found it failing."""
        health = self._trunks.get(trunk)
        return health.failures if health else 0

    def failed(self, trunk: str, reason: str) -> None:
        """A call found the trunk failing: congested, silent or not there."""
        health = self._trunks.setdefault(trunk, _Health())
        health.failures += 1
        if health.failures < FAILURES_IN_A_ROW or self.rests(trunk):
            return
        health.rest_seconds = min(max(SHORTEST_REST_SECONDS, health.rest_seconds * 2), LONGEST_REST_SECONDS)
        health.rests_until = self._clock() + health.rest_seconds
        log.warning("a trunk is left alone for a while", trunk=trunk, seconds=health.rest_seconds, reason=reason)

    def worked(self, trunk: str) -> None:
        """The trunk brought an answer of the called network, whatever it was."""
        if self._trunks.pop(trunk, None) is not None:
            log.info("a trunk works again", trunk=trunk)
