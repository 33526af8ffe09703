"""What a licence key says about its texts: keywords and replies of its own, quiet hours, how far an opt-out reaches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

REVIEW_PHRASES = (
    "stop texting",
    "stop sending",
    "stop messaging",
    "stop contacting",
    "stop calling",
    "please stop",
    "stop it",
    "no more texts",
    "no more messages",
    "do not text",
    "don't text",
    "do not contact",
    "don't contact",
    "do not message",
    "don't message",
    "leave me alone",
    "take me off",
    "remove me",
    "unsubscribe me",
    "opt me out",
    "wrong number",
    "not interested",
)
"""What a key that only switches the review on looks for."""


@dataclass(frozen=True, slots=True)
class KeywordSet:
    """Keywords of one language, beside those that every key has, and the replies to all of that language.

    `language`: "en", "fr" …, or empty: then its replies are for all languages that have none of their own.
    """

    language: str
    stop: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    stop_reply: str | None = None
    resume_reply: str | None = None
    help_reply: str | None = None


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """Days without hours: weekdays (0 is Monday), days of every year (month, day), and single dates."""

    weekdays: frozenset[int] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()
    dates: frozenset[date] = frozenset()

    def __contains__(self, day: date) -> bool:
        return day.weekday() in self.weekdays or (day.month, day.day) in self.yearly or day in self.dates

    @property
    def longest(self) -> int:
        """So many days, at most, lie between two that are open, where a weekday is: each date takes a week's one."""
        return 7 * (len(self.yearly) + len(self.dates) + bool(self.weekdays))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When texts and calls may arrive, by the clock of who gets them: from `opens` until before `closes`, on every day
    that is not `closed`. What goes on after midnight belongs to the day before.

    `states`: the hours of states and provinces (two letters) that have their own, and days of their own.
    """

    opens: time = time(8)
    closes: time = time(21)
    closed: ClosedDays = ClosedDays()
    states: tuple[tuple[str, QuietHours], ...] = ()

    def of_state(self, state: str) -> QuietHours:
        """The hours that count in a state; empty for a number of none."""
        return dict(self.states).get(state, self)


@dataclass(frozen=True, slots=True)
class TextSettings:
    """A licence key's settings of texts.

    `quiet_hours`: None for a key that sends at any time. `opt_out_covers_calls`: who texted STOP is not called either.
    `review_phrases`: what marks a text for review as a possible opt-out in words of one's own; empty: nothing does.
    `delivery_receipts`: each result is also posted as a delivery receipt. `per_minute`: texts sent in any minute at
    most, None without a limit.
    """

    keywords: tuple[KeywordSet, ...] = ()
    quiet_hours: QuietHours | None = None
    opt_out_covers_calls: bool = False
    review_phrases: tuple[str, ...] = ()
    delivery_receipts: bool = False
    per_minute: int | None = None
