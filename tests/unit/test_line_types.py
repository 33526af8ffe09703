"""Line types: who knows what of a number, and whose word counts."""

from __future__ import annotations

from datetime import date

import pytest

from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Did, Phone, Snapshot
from controller.line_types.line_types import LineTypes
from controller.line_types.model import KnowsAtOnce, LineFound, LineType
from controller.line_types.rules import LIBRARY_SOURCE, NumberLibrary, NumberPlan, OwnNumbers

TODAY = date(2026, 11, 27)
NUMBER = "+12015106000"


class Says(KnowsAtOnce):
    """A provider that says the same of every number."""

    def __init__(self, found: LineFound | None) -> None:
        self.found = found
        self.asked = 0

    def known(self, number: str) -> LineFound | None:
        self.asked += 1
        return self.found


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
