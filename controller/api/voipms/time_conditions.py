"""Methods about time conditions: two ways, by the day of the week and the time of day."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.did_checks import required
from controller.api.voipms.entry_book import EntryBook
from controller.api.voipms.place_values import text_of
from controller.api.voipms.routing_checks import RoutingChecks
from controller.api.voipms.values import whole
from controller.directory.entries import Entries, Entry
from controller.directory.granted_places import TIME_CONDITION
from controller.ivr.time_spans import WEEKDAYS

MOST_SPANS = 100


@parameters
class TimeConditionFilter:
    """Which time condition; all without one."""

    timecondition: str = element("timecondition", default="")


@structure("TimeCondition", NAMESPACE)
class TimeConditionInfo:
    """A time condition: what setTimeCondition takes."""

    timecondition: str = element("timecondition")
    name: str = element("name")
    routing_match: str = element("routing_match")
    routing_nomatch: str = element("routing_nomatch")
    starthour: str = element("starthour")
    startminute: str = element("startminute")
    endhour: str = element("endhour")
    endminute: str = element("endminute")
    weekdaystart: str = element("weekdaystart")
    weekdayend: str = element("weekdayend")


@structure("getTimeConditionsOutput", NAMESPACE)
class TimeConditionsAnswer:
    """Time conditions, under the vendor's singular key."""

    timecondition: tuple[TimeConditionInfo, ...] = element("timecondition")


@parameters
class SetTimeCondition:
    """A time condition; a new one where no number of one is given. The six lists are joined by semicolons and go
    together: the first of each makes the first span. A list of minutes that is left out is all zeros.
    """

    timecondition: str = element("timecondition", default="")
    name: str = element("name", default="")
    routing_match: str = element("routing_match", default="")
    routing_nomatch: str = element("routing_nomatch", default="")
    starthour: str = element("starthour", default="")
    startminute: str = element("startminute", default="")
    endhour: str = element("endhour", default="")
    endminute: str = element("endminute", default="")
    weekdaystart: str = element("weekdaystart", default="")
    weekdayend: str = element("weekdayend", default="")


@structure("setTimeConditionOutput", NAMESPACE)
class TimeConditionAnswer:
    """The number of a time condition."""

    timecondition: int = element("timecondition")


class TimeConditionMethods:
    """Times are in the zone of the licence key (`time_zone`)."""

    def __init__(self, entries: Entries, checks: RoutingChecks) -> None:
        self._checks = checks
        self._book = EntryBook(entries, TIME_CONDITION, "timecondition")

    @operation("getTimeConditions")
    async def conditions(self, request: TimeConditionFilter, caller: Caller) -> TimeConditionsAnswer:
        """The account's time conditions, or one of them."""
        found = self._book.listed(caller.account, request.timecondition)
        return TimeConditionsAnswer(timecondition=tuple(map(_info, found)))

    @operation("setTimeCondition")
    async def set_condition(self, request: SetTimeCondition, caller: Caller) -> TimeConditionAnswer:
        """Add a time condition, or change one."""
        key = caller.account
        entry = self._book.maybe(key, request.timecondition)
        name = self._book.named(key, text_of(required(request.name, "missing_name"), "invalid_name"), entry)
        content = {
            "name": name,
            "routing_match": self._checks.routing(key, required(request.routing_match, "missing_routing_match")),
            "routing_nomatch": self._checks.routing(key, required(request.routing_nomatch, "missing_routing_nomatch")),
            "spans": _spans(request),
        }
        return TimeConditionAnswer(timecondition=await self._book.save(key, entry, content))

    @operation("delTimeCondition")
    async def delete(self, request: TimeConditionFilter, caller: Caller) -> None:
        """Delete a time condition."""
        await self._book.delete(caller.account, request.timecondition)


def _spans(request: SetTimeCondition) -> list[list[int]]:
    """Minutes of the day and weekdays of each span. Refused."""
    starts = _list(required(request.starthour, "missing_starthour"))
    count = len(starts)
    if count > MOST_SPANS:
        raise Refused("invalid_starthour")
    start_hours = [whole(text, 0, 23, "invalid_starthour") for text in starts]
    start_minutes = _numbers(request.startminute or ";".join("0" * count), count, 59, "startminute")
    end_hours = _numbers(request.endhour, count, 23, "endhour")
    end_minutes = _numbers(request.endminute or ";".join("0" * count), count, 59, "endminute")
    first_days = _days(request.weekdaystart, count, "weekdaystart")
    last_days = _days(request.weekdayend, count, "weekdayend")
    return [
        [60 * start_hours[each] + start_minutes[each], 60 * end_hours[each] + end_minutes[each], first, last]
        for each, (first, last) in enumerate(zip(first_days, last_days, strict=True))
    ]


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.strip().strip(";").split(";")]


def _numbers(text: str, count: int, most: int, noun: str) -> list[int]:
    parts = _list(required(text, f"missing_{noun}"))
    if len(parts) != count:
        raise Refused(f"invalid_{noun}", "The six lists have to be equally long.")
    return [whole(part, 0, most, f"invalid_{noun}") for part in parts]


def _days(text: str, count: int, noun: str) -> list[int]:
    parts = [part.lower()[:3] for part in _list(required(text, f"missing_{noun}"))]
    if len(parts) != count or any(part not in WEEKDAYS for part in parts):
        raise Refused(f"invalid_{noun}", f"Days are {', '.join(WEEKDAYS)}; the six lists have to be equally long.")
    return [WEEKDAYS.index(part) for part in parts]


def _info(entry: Entry) -> TimeConditionInfo:
    content = entry.content
    spans = content["spans"]

    def joined(*values: str) -> str:
        return ";".join(values)

    return TimeConditionInfo(
        timecondition=str(entry.entry_id),
        name=entry.name,
        routing_match=content["routing_match"],
        routing_nomatch=content["routing_nomatch"],
        starthour=joined(*(str(span[0] // 60) for span in spans)),
        startminute=joined(*(str(span[0] % 60) for span in spans)),
        endhour=joined(*(str(span[1] // 60) for span in spans)),
        endminute=joined(*(str(span[1] % 60) for span in spans)),
        weekdaystart=joined(*(WEEKDAYS[span[2]] for span in spans)),
        weekdayend=joined(*(WEEKDAYS[span[3]] for span in spans)),
    )
