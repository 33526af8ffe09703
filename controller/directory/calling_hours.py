"""Calling hours: when a licence key's calls may ring, by the clock of who is called (47 CFR 64.1200(c)(1))."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from controller.directory.quiet_hours import held_until
from controller.directory.text_settings import QuietHours


@dataclass(frozen=True, slots=True)
class Held:
    """A call may not ring now. until: when it may (UTC); None where it may not wait, or there is no such time."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class CallingHours:
    """refuse: a call that is due outside of the hours is refused; otherwise it waits for them."""

    hours: QuietHours = field(default_factory=QuietHours)
    refuse: bool = False

    def held(self, number: str, moment: datetime) -> Held | None:
        """Whether a call to a number (E.164) that is due at `moment` is held; None when it may ring.

        A number that may belong to several time zones may be called when all of them permit it.
        """
        until = held_until(self.hours, number, moment)
        if until is None:
            return None
        never = held_until(self.hours, number, until) is not None
        return Held(None if self.refuse or never else until)
