"""What people search calls by: a number (of either side), a code, a time, a QueueID, a variable of the script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from controller.api.console.languages import mark
from controller.api.console.visit import Visit
from controller.calls.store.call_lookup import CallFilter
from controller.numbers import try_number
from controller.store.storable import storable

# Without a beginning, calls are searched by their code so far back, and by a variable: these are in no index.
CODE_DAYS = 7
VARIABLE_DAYS = 1


@dataclass(frozen=True, slots=True)
class CallSearch:
    """A search as it was typed, and as it is meant. mistakes: by field, what is wrong with it."""

    typed: Mapping[str, str]
    number: str | None = None
    code: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    queue_id: int | None = None
    variable: tuple[str, str] | None = None
    after: tuple[datetime, int] | None = None
    mistakes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether every call is meant."""
        return not any(self.typed.values()) and self.after is None

    def filter(self, license_key: str | None, limit: int) -> CallFilter:
        """The calls of the search; of a licence key, if one is named."""
        since = self.since
        if since is None and (self.code is not None or self.variable is not None):
            days = CODE_DAYS if self.variable is None else VARIABLE_DAYS
            since = (self.until or datetime.now(UTC)) - timedelta(days=days)
        return CallFilter(
            queue_id=self.queue_id,
            number=self.number,
            license_key=license_key,
            since=since,
            until=self.until,
            response_code=self.code,
            variable=self.variable,
            after=self.after,
            limit=limit,
        )


def read_search(visit: Visit) -> CallSearch:
    """The search in a page's address."""
    typed = {name: visit.query(name) for name in ("number", "code", "since", "until", "queue_id", "variable")}
    mistakes: dict[str, str] = {}
    number = try_number(typed["number"]) if typed["number"] else None
    if typed["number"] and number is None:
        mistakes["number"] = mark("Not a valid phone number.")
    return CallSearch(
        typed=typed,
        number=number,
        code=_integer(typed, "code", 99, mistakes),
        since=_moment(typed, "since", mistakes),
        until=_moment(typed, "until", mistakes),
        queue_id=_integer(typed, "queue_id", 10**18, mistakes),
        variable=_variable(typed, mistakes),
        after=_after(visit.query("after")),
        mistakes=mistakes,
    )


def _integer(typed: Mapping[str, str], name: str, most: int, mistakes: dict[str, str]) -> int | None:
    text = typed[name]
    if not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) <= 18 and int(text) <= most:
        return int(text)
    mistakes[name] = mark("Not a valid number.")
    return None


def read_moment(text: str) -> datetime | None:
    """A time as a form gives it, UTC where it has no zone; None for what is none."""
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        return None


def _moment(typed: Mapping[str, str], name: str, mistakes: dict[str, str]) -> datetime | None:
    if not typed[name]:
        return None
    moment = read_moment(typed[name])
    if moment is None or not 1900 < moment.year < 9000:
        mistakes[name] = mark("Not a valid time; write one such as 2026-11-27T18:30.")
        return None
    return moment


def _variable(typed: Mapping[str, str], mistakes: dict[str, str]) -> tuple[str, str] | None:
    """Name and value out of `name=value`."""
    if not typed["variable"]:
        return None
    name, equals, value = typed["variable"].partition("=")
    if not equals or not name.strip():
        mistakes["variable"] = mark("Not a valid variable; write one such as name=value.")
        return None
    return storable(name.strip().lower()), storable(value.strip())


def _after(text: str) -> tuple[datetime, int] | None:
    began, _, queue_id = text.partition("/")
    moment = read_moment(began) if began else None
    if moment is None or not queue_id.isascii() or not queue_id.isdecimal() or len(queue_id) > 18:
        return None
    return moment, int(queue_id)
