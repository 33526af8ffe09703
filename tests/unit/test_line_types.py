"""Line types: who knows what of a number, and whose word counts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, cast

import pytest

from controller.calls.call_log import CallLog, CallLogTargets
from controller.calls.feed import CallFeed
from controller.calls.model.response_codes import ResponseCode
from controller.calls.store.call_entries import WrittenCall
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Did, Phone, Snapshot
from controller.line_types.line_types import LineTypes
from controller.line_types.model import KnowsAtOnce, LineFound, LineType
from controller.line_types.rules import LIBRARY_SOURCE, NumberLibrary, NumberPlan, OwnNumbers
from controller.script.state import State
from tests.support.call_values import AT, an_answered_call

if TYPE_CHECKING:
    from controller.calls.store.journal import Journal

TELCO = ("isWireless", "telcoLATA", "telcoOCN", "telcoCarrierName", "telcoCarrierType", "telcoLRN", "telcoSwitchName")
TODAY = date(2026, 11, 27)
NUMBER = "+12015106000"


class Says(KnowsAtOnce):
    """A provider that says the same of every number."""

    def __init__(self, answer: LineFound | None) -> None:
        self.answer = answer
        self.asked = 0

    def found(self, number: str) -> LineFound | None:
        self.asked += 1
        return self.answer


async def test_the_first_provider_that_can_tell_decides_and_no_other_is_asked() -> None:
    silent, sure, other = Says(None), Says(LineFound(LineType.MOBILE, "sure", TODAY)), Says(None)
    line_types = LineTypes([silent, sure, other])
    assert await line_types.of(NUMBER) == LineFound(LineType.MOBILE, "sure", TODAY)
    assert (silent.asked, sure.asked, other.asked) == (1, 1, 0)
    assert line_types.known(NUMBER) == await line_types.of(NUMBER)


async def test_nobody_knows_is_unknown() -> None:
    assert (await LineTypes([Says(None)]).of(NUMBER)).type is LineType.UNKNOWN
    assert LineTypes([]).known(NUMBER).type is LineType.UNKNOWN


async def test_a_carrier_is_kept_from_who_does_not_know_the_type() -> None:
    table = Says(LineFound(LineType.UNKNOWN, "table", TODAY, carrier_id="1234", carrier_name="Acme Tel"))
    library = Says(LineFound(LineType.LANDLINE, "library"))
    assert await LineTypes([table, library]).of(NUMBER) == LineFound(
        LineType.LANDLINE, "library", carrier_id="1234", carrier_name="Acme Tel"
    )
    assert (await LineTypes([table]).of(NUMBER)).carrier_id == "1234"


def test_our_own_numbers_are_voip() -> None:
    own = Snapshot(dids={NUMBER: Did(NUMBER)}, phones={"alice": Phone("alice", "secret", "+12015550110")})
    provider = OwnNumbers(CurrentDirectory(own), lambda: TODAY)
    for number in (NUMBER, "+12015550110"):
        assert provider.known(number) == LineFound(LineType.VOIP, "own numbers", TODAY)
    assert provider.known("+12015550111") is None


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("+18005551212", LineType.TOLL_FREE),
        ("+18335551212", LineType.TOLL_FREE),
        ("+16002123456", LineType.VOIP),
        ("+15005551234", None),
        ("+19005551234", None),
        ("+18105551212", None),
        ("+4480055512", None),
    ],
)
def test_the_numbering_plan_tells_what_its_codes_tell(number: str, found: LineType | None) -> None:
    known = NumberPlan().known(number)
    assert (known and known.type) == found


@pytest.mark.parametrize(
    ("number", "found"),
    [
        (NUMBER, None),
        ("+14412345678", LineType.MOBILE),
        ("+16583764567", LineType.LANDLINE),
        ("+447400123456", LineType.MOBILE),
        ("+442079460958", LineType.LANDLINE),
        ("+16002123456", LineType.VOIP),
        ("+15005551234", None),
        ("no number", None),
    ],
)
def test_libphonenumber_tells_what_its_tables_have(number: str, found: LineType | None) -> None:
    known = NumberLibrary().known(number)
    assert (known and (known.type, known.source)) == (found and (found, LIBRARY_SOURCE))


def test_what_is_known_of_the_line_stands_in_the_post_backs_of_calls_that_are_placed() -> None:
    line = LineFound(LineType.MOBILE, "table", TODAY, "1234", "Acme Mobile", "224", "NWRKNJ02")
    asked: list[tuple[str, str]] = []

    def line_of(number: str, license_key: str) -> LineFound:
        asked.append((number, license_key))
        return line

    forms = []
    for call in (an_answered_call(1, outgoing=True), an_answered_call(2)):
        written = WrittenCall()
        targets = CallLogTargets(cast("Journal", None), CallFeed(), lambda: AT, line_of=line_of)
        CallLog(targets, call, State, journal=written).ended("end-of-script", ResponseCode.CALL_ANSWERED)
        forms.append(dict(written.entry.postbacks[0].form))
    placed, came_in = forms
    assert [placed[name] for name in TELCO] == ["True", "224", "1234", "Acme Mobile", "mobile", "", "NWRKNJ02"]
    assert not set(TELCO) & came_in.keys()
    assert asked == [("+12015550199", "acme")]
