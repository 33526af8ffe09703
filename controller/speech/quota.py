"""The quota: how much speech the scripts of one licence key may have made within an hour."""

from __future__ import annotations

import time
from collections.abc import Callable

from controller.errors import SpeechError
from controller.speech.media_store import BYTES_A_SECOND

HOUR_SECONDS = 3600.0
MEGABYTE = 1_000_000
DEFAULT_MEGABYTES = 2000


SpeechMade = Callable[[str, str], None]
"""Told of each text that was synthesized for a licence key, by its name; the key comes first."""


def told_nobody(_license_key: str, _text: str) -> None:
    """Nobody counts what is spoken."""


class SpeechQuota:
    """Counts what is rendered for each licence key on this controller, by the hour. What was spoken before is free.

    megabytes: for each key and hour; an hour of speech is 58 MB. now: seconds of a clock that is never set.
    """

    def __init__(self, megabytes: int = DEFAULT_MEGABYTES, now: Callable[[], float] = time.monotonic) -> None:
        self._megabytes = megabytes
        self._now = now
        self._hour = 0
        self._made: dict[str, float] = {}

    def admit(self, license_key: str) -> None:
        """SpeechError when the key has had its share of this hour."""
        self._turn()
        if self._made.get(license_key, 0.0) >= self._megabytes * MEGABYTE:
            raise SpeechError(
                f"the licence key has had {self._megabytes} MB of speech made within an hour"
                " (`speech: {megabytes_an_hour: …}`)"
            )

    def count(self, license_key: str, seconds: float) -> None:
        """So many seconds were made for the key."""
        self._turn()
        self._made[license_key] = self._made.get(license_key, 0.0) + seconds * BYTES_A_SECOND

    def _turn(self) -> None:
        hour = int(self._now() // HOUR_SECONDS)
        if hour != self._hour:
            self._hour, self._made = hour, {}
