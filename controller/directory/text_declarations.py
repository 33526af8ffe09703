"""What the YAML may say about texts, of a licence key and of a trunk."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, StringConstraints, model_validator

from controller.area_codes import PROVINCES, STATES
from controller.config_file.validation import Declaration, mistake
from controller.directory.text_settings import REVIEW_PHRASES, ClosedDays, KeywordSet, QuietHours, TextSettings
from controller.ivr.time_spans import WEEKDAYS

REQUEST_URI = "request-uri"
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,79}")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_DAY_OF_YEAR = re.compile(r"([0-9]{1,2})-([0-9]{1,2})")
_FULL_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")


def _clock(text: Any) -> time:
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise mistake("not a valid time of day", '"08:00" or "21:30", in quotes')
    return time(int(found[1]), int(found[2]))


def _day(text: Any) -> str | tuple[int, int] | date:
    written = text.isoformat() if isinstance(text, date) else str(text).strip().lower()
    if written[:3] in WEEKDAYS and _FULL_WEEKDAYS[WEEKDAYS.index(written[:3])].startswith(written):
        return written[:3]
    yearly = _DAY_OF_YEAR.fullmatch(written)
    try:
        if yearly:
            # A leap year, so that the 29th of February is a day.
            found = date(2024, int(yearly[1]), int(yearly[2]))
            return found.month, found.day
        return date.fromisoformat(written)
    except ValueError:
        raise mistake("not a day", '"sun", "12-25" for every year, or "2026-11-26"') from None


def _language(text: str) -> str:
    if _LANGUAGE.fullmatch(text) is None:
        raise mistake("not a valid language", 'two letters such as "es"')
    return text


def _state(text: str) -> str:
    if text.upper() not in STATES and text.upper() not in PROVINCES:
        raise mistake("not a valid state or province", 'two letters such as "TX"')
    return text.upper()


def _keyword(text: str) -> str:
    if not any(character.isalnum() for character in text):
        raise mistake("not a valid keyword", "a word, or a few")
    return text


def _where(text: str) -> str:
    if text.lower() == REQUEST_URI:
        return REQUEST_URI
    if _HEADER.fullmatch(text) is None:
        raise mistake("no number stands there", f'"{REQUEST_URI}", "To", or the name of another header')
    return text


def _phrases(value: Any) -> Any:
    if value in (True, "true", "yes", "on"):
        return REVIEW_PHRASES
    if value in (False, "false", "no", "off"):
        return ()
    return [value] if isinstance(value, str) else value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Clock = Annotated[time, BeforeValidator(_clock)]
Day = Annotated[str | tuple[int, int] | date, PlainValidator(_day)]
Language = Annotated[str, AfterValidator(_language)]
State = Annotated[str, AfterValidator(_state)]
Reply = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1600)]
Keyword = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), AfterValidator(_keyword)]
KeywordList = Annotated[tuple[Keyword, ...], BeforeValidator(_listed), Field(max_length=100)]
Phrases = Annotated[
    tuple[Annotated[str, Field(min_length=2, max_length=200)], ...], BeforeValidator(_phrases), Field(max_length=200)
]
TextDidIn = Annotated[str, AfterValidator(_where)]


class HoursEntry(Declaration):
    """Between which times of the day texts, or calls, may arrive, and on which days they may not."""

    opens: Clock = time(8)
    closes: Clock = time(21)
    closed: Annotated[tuple[Day, ...], BeforeValidator(_listed), Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _not_the_same(self) -> HoursEntry:
        if self.opens == self.closes:
            raise mistake("there is no time between these", "`closes` after `opens`")
        if len(self.closed_days.weekdays) == len(WEEKDAYS):
            raise mistake("no day of the week is left", "six of them at most", at=("closed",))
        return self

    @property
    def closed_days(self) -> ClosedDays:
        """The days as a value."""
        weekdays = frozenset(WEEKDAYS.index(day) for day in self.closed if isinstance(day, str))
        yearly = frozenset(day for day in self.closed if isinstance(day, tuple))
        return ClosedDays(weekdays, yearly, frozenset(day for day in self.closed if isinstance(day, date)))


class QuietHoursEntry(HoursEntry):
    """The hours, and those of states that have their own."""

    states: dict[State, HoursEntry] = Field(default_factory=dict)

    def window(self) -> QuietHours:
        """The same as a value."""
        states = tuple(
            (state, QuietHours(each.opens, each.closes, each.closed_days)) for state, each in self.states.items()
        )
        return QuietHours(self.opens, self.closes, self.closed_days, states)


class KeywordsEntry(Declaration):
    """Keywords and replies of one language."""

    stop: KeywordList = ()
    resume: KeywordList = ()
    help: KeywordList = ()
    stop_reply: Reply | None = None
    resume_reply: Reply | None = None
    help_reply: Reply | None = None


class TextsEntry(Declaration):
    """`texts:` of a licence key."""

    stop_reply: Reply | None = None
    resume_reply: Reply | None = None
    help_reply: Reply | None = None
    keywords: Annotated[dict[Language, KeywordsEntry], Field(max_length=50)] = Field(default_factory=dict)
    quiet_hours: QuietHoursEntry | bool = False
    opt_out_covers_calls: bool = False
    review: Phrases = ()
    delivery_receipts: bool = False
    per_minute: Annotated[int, Field(ge=1, le=1_000_000)] | None = None

    def settings(self) -> TextSettings:
        """The same as a value."""
        sets = [_keyword_set(language, declared) for language, declared in self.keywords.items()]
        if self.stop_reply or self.resume_reply or self.help_reply:
            sets.insert(0, KeywordSet("", (), (), (), self.stop_reply, self.resume_reply, self.help_reply))
        hours = QuietHoursEntry() if self.quiet_hours is True else self.quiet_hours or None
        return TextSettings(
            keywords=tuple(sets),
            quiet_hours=hours.window() if hours else None,
            opt_out_covers_calls=self.opt_out_covers_calls,
            review_phrases=self.review,
            delivery_receipts=self.delivery_receipts,
            per_minute=self.per_minute,
        )


def _keyword_set(language: str, declared: KeywordsEntry) -> KeywordSet:
    return KeywordSet(
        language,
        declared.stop,
        declared.resume,
        declared.help,
        declared.stop_reply,
        declared.resume_reply,
        declared.help_reply,
    )
