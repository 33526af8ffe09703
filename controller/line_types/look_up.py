"""A look-up over HTTP: another service is asked for the line type of a number, within a time limit.

It is asked through the egress guard. Its answers are remembered for a while. When it does not answer, or not with what
it should, it is left alone for some seconds: messages are not held up by a service that is away.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import quote

import structlog

from controller.egress.guard import Guard
from controller.errors import FetchFailed, StoreError, UrlRefused
from controller.line_types.classes import line_type_of
from controller.line_types.model import LineFound, LineType
from controller.numbers import mask_number

log = structlog.get_logger()

MOST_REMEMBERED = 100_000
AWAY_SECONDS = 10.0
LARGEST_ANSWER_BYTES = 64 * 1024
LONGEST_TEXT = 200
SOURCE = "look-up"
OK = 200


@dataclass(frozen=True, slots=True)
class LookUpOptions:
    """url: with `{number}` where the number in E.164 is put. type_field, carrier_field: where the answer, a JSON,
    has the type and the carrier's name; inner objects by dots ("data.line_type"). seconds: how long an answer may take.
    keep_seconds: how long it is remembered. every_call: whether it is asked about each call that is placed, too.
    """

    url: str
    type_field: str = "line_type"
    carrier_field: str = ""
    seconds: float = 2.0
    keep_seconds: float = 86_400.0
    every_call: bool = False


Answered = Callable[[str, str], Awaitable[None]]
"""Told of each number that was looked up, and for which key (by its name), before anybody gets the answer.

StoreError: it could not be noted, and nobody gets the answer.
"""


async def noted_nowhere(_number: str, _license_key: str) -> None:
    """Nobody counts look-ups."""


class HttpLookUp:
    """A provider that asks.

    clock: seconds that never go back. today: the day of an answer. answered: see `Answered`.
    """

    def __init__(
        self,
        guard: Guard,
        options: LookUpOptions,
        clock: Callable[[], float],
        today: Callable[[], date],
        answered: Answered = noted_nowhere,
    ) -> None:
        self._guard = guard
        self._options = options
        self._clock = clock
        self._today = today
        self._answered = answered
        self._remembered: OrderedDict[str, tuple[float, LineFound]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[LineFound | None]] = {}
        self._away_until = 0.0

    def known(self, number: str, license_key: str = "") -> LineFound | None:
        """What was answered lately. Where every call is asked about, who is not known yet is asked about now."""
        found = self._lately(number)
        if found is None and self._options.every_call and self._clock() >= self._away_until:
            self._asking_about(number, license_key)
        return found

    def _lately(self, number: str) -> LineFound | None:
        kept = self._remembered.get(number)
        return None if kept is None or kept[0] <= self._clock() else kept[1]

    async def look_up(self, number: str, license_key: str = "") -> LineFound | None:
        """What is remembered, or answered now; None when there is no answer in time."""
        if (known := self._lately(number)) is not None:
            return known
        if self._clock() < self._away_until:
            return None
        # Whoever else asks for the same number shares the answer, also when the first one goes away.
        return await asyncio.shield(self._asking_about(number, license_key))

    def _asking_about(self, number: str, license_key: str) -> asyncio.Task[LineFound | None]:
        asking = self._asking.get(number)
        if asking is None:
            asking = self._asking[number] = asyncio.create_task(
                self._ask(number, license_key), name="look-up of a line type"
            )
            asking.add_done_callback(lambda _: self._asking.pop(number, None))
        return asking

    async def _ask(self, number: str, license_key: str) -> LineFound | None:
        url = self._options.url.replace("{number}", quote(number, safe=""))
        try:
            answer = await self._guard.fetch(url, limit_bytes=LARGEST_ANSWER_BYTES, timeout=self._options.seconds)
        except (UrlRefused, FetchFailed) as error:
            self._failed(number, str(error))
            return None
        if answer.status != OK:
            self._failed(number, f"it answered {answer.status}")
            return None
        found = self._read(answer.text)
        if found is None:
            self._failed(number, "its answer has no line type where it should be")
            return None
        try:
            await self._answered(number, license_key)
        except StoreError as error:
            self._failed(number, f"its usage could not be stored: {error}")
            return None
        self._remember(number, found)
        return found

    def _read(self, text: str) -> LineFound | None:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return None
        written = _member(document, self._options.type_field)
        if not isinstance(written, str):
            return None
        carrier = _member(document, self._options.carrier_field) if self._options.carrier_field else ""
        found = LineFound(line_type_of(written) or LineType.UNKNOWN, SOURCE, self._today())
        return replace(found, carrier_name=carrier[:LONGEST_TEXT]) if isinstance(carrier, str) else found

    def _remember(self, number: str, found: LineFound) -> None:
        self._remembered[number] = (self._clock() + self._options.keep_seconds, found)
        self._remembered.move_to_end(number)
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)

    def _failed(self, number: str, reason: str) -> None:
        self._away_until = self._clock() + AWAY_SECONDS
        log.warning("a line type was not looked up", number=mask_number(number), reason=reason)


def _member(document: Any, path: str) -> Any:
    """What stands at a path of names in a JSON document; None where there is nothing."""
    for name in path.split("."):
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document
