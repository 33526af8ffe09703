"""The rolling windows that texts are sent within, of every DID, key and trunk that has one."""

from __future__ import annotations

from controller.directory.snapshot import Snapshot
from controller.texts.store.outbox import Limit
from controller.texts.text_routes import TRUNK

MARGIN_SECONDS = 0.1
"""A window is so much longer than what is asked for: texts claimed at its ends may leave a little later or sooner."""

MINUTE, DAY = 60.0, 86_400.0


def limits_of(snapshot: Snapshot) -> tuple[Limit, ...]:
    """All limits that the configuration has."""
    limits = [
        *((f"key:{key.name}", key.texts.per_minute, MINUTE) for key in snapshot.license_keys.values()),
        *((f"did:{did.number}", did.texts_per_minute, MINUTE) for did in snapshot.dids.values()),
        *((f"did:{did.number}", did.texts_per_day, DAY) for did in snapshot.dids.values()),
        *((TRUNK + trunk.name, trunk.texts_per_second, 1.0) for trunk in snapshot.trunks.values()),
    ]
    return tuple(_limit(scope, most, seconds) for scope, most, seconds in limits if most is not None)


def _limit(scope: str, most: float, seconds: float) -> Limit:
    """Fewer than one a second is one in a longer time."""
    if most < 1:
        return Limit(scope, 1, seconds / most + MARGIN_SECONDS)
    return Limit(scope, int(most), seconds + MARGIN_SECONDS)
