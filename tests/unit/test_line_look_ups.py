"""Look-ups of line types over HTTP: asked in time, remembered, left alone while they are away."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from typing import cast

import pytest

from controller.egress.guard import FetchedAnswer, Guard
from controller.errors import FetchFailed, StoreUnreachable, UrlRefused
from controller.line_types.look_up import AWAY_SECONDS, Answered, HttpLookUp, LookUpOptions, noted_nowhere
from controller.line_types.model import LineFound, LineType
from controller.line_types.overrides import Overrides

NUMBER = "+12015106000"
TODAY = date(2026, 11, 27)
OPTIONS = LookUpOptions("https://look.example/{number}?key=k", "data.line", "data.carrier", 2.0, 100.0)


class Service:
    """A guard whose URLs answer as the test says."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []
        self.answer: str | Exception = ""
        self.status = 200
        self.held = asyncio.Event()
        self.held.set()
        self.now = 0.0

    async def fetch(self, url: str, *, limit_bytes: int, timeout: float) -> FetchedAnswer:
        self.asked.append((url, timeout))
        await self.held.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return FetchedAnswer(self.status, "application/json", "utf-8", self.answer.encode()[:limit_bytes], False)

    def look_up(self, answered: Answered = noted_nowhere) -> HttpLookUp:
        return HttpLookUp(cast("Guard", self), OPTIONS, lambda: self.now, lambda: TODAY, answered)


def says(line: object, carrier: object = "Acme") -> str:
    return json.dumps({"data": {"line": line, "carrier": carrier}})


async def test_a_number_is_asked_for_once_and_remembered_for_a_while() -> None:
    service = Service()
    service.answer = says("Wireless")
    look_up = service.look_up()
    assert look_up.known(NUMBER) is None
    expected = LineFound(LineType.MOBILE, "look-up", TODAY, carrier_name="Acme")
    assert await look_up.look_up(NUMBER) == await look_up.look_up(NUMBER) == look_up.known(NUMBER) == expected
    assert service.asked == [("https://look.example/%2B12015106000?key=k", 2.0)]
    service.now = 100.0
    assert look_up.known(NUMBER) is None
    await look_up.look_up(NUMBER)
    assert len(service.asked) == 2


async def test_who_asks_at_the_same_time_shares_the_answer() -> None:
    service = Service()
    service.answer = says("landline", None)
    service.held.clear()
    look_up = service.look_up()
    first, second = (asyncio.create_task(look_up.look_up(NUMBER)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    service.held.set()
    assert await second == LineFound(LineType.LANDLINE, "look-up", TODAY)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (FetchFailed("no answer within 2 s"), 200),
        (UrlRefused("refused by the guard"), 200),
        (says("mobile"), 500),
        ("no JSON", 200),
        ("[" * 100_000, 200),
        ("[]", 200),
        (json.dumps({"data": "mobile"}), 200),
        (says(["mobile"]), 200),
    ],
)
async def test_a_service_that_is_away_is_left_alone_for_some_seconds(answer: str | Exception, status: int) -> None:
    service = Service()
    service.answer, service.status = answer, status
    look_up = service.look_up()
    assert await look_up.look_up(NUMBER) is None
    assert await look_up.look_up(NUMBER) is None
    assert len(service.asked) == 1
    service.now, service.answer, service.status = AWAY_SECONDS, says("strange"), 200
    found = await look_up.look_up(NUMBER)
    assert found is not None
    assert found.type is LineType.UNKNOWN


async def test_each_answer_is_told_of_with_its_key_before_anybody_has_it() -> None:
    told: list[tuple[str, str]] = []

    async def answered(number: str, license_key: str) -> None:
        assert look_up.known(number) is None
        told.append((number, license_key))

    service = Service()
    service.answer = says("mobile")
    look_up = service.look_up(answered)
    for license_key in ("acme", "rival"):
        assert await look_up.look_up(NUMBER, license_key) is not None
    assert told == [(NUMBER, "acme")], "who is told what is remembered uses nothing"
    service.answer = says(None)
    assert await look_up.look_up("+12015106001", "acme") is None
    assert len(told) == 1, "an answer without a line type is free"


async def test_an_answer_that_cannot_be_metered_is_not_used() -> None:
    async def answered(number: str, license_key: str) -> None:
        raise StoreUnreachable("the database is away")

    service = Service()
    service.answer = says("mobile")
    look_up = service.look_up(answered)
    assert await look_up.look_up(NUMBER, "acme") is None
    assert look_up.known(NUMBER) is None


def test_the_longest_prefix_that_is_overridden_decides() -> None:
    types = {"+1201510": LineType.LANDLINE, NUMBER: LineType.MOBILE, "+1": LineType.VOIP}
    overrides = Overrides(types, lambda: TODAY)
    assert overrides.known(NUMBER) == LineFound(LineType.MOBILE, "configuration", TODAY)
    for number, kind in (("+12015106001", LineType.LANDLINE), ("+12025550123", LineType.VOIP)):
        known = overrides.known(number)
        assert known is not None
        assert known.type is kind
    assert overrides.known("+442079460958") is None
