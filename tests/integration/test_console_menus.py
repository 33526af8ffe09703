"""Sequences, IVRs and numbers in the console."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.console import Browser, House, console_house
from tests.support.phone_notify import TWO_SECONDS
from tests.support.sql import sql

NUMBER = "+12015550101"


@pytest.fixture(scope="module")
async def shared_house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        await made.dids.load()
        yield made


@pytest.fixture
async def house(shared_house: House) -> House:
    """The console without people and what customers made."""
    tables = "console_people, console_audit, customer_entries, did_grants, sounds"
    await sql(shared_house.database, f"TRUNCATE {tables} CASCADE")
    await shared_house.entries.load()
    await shared_house.dids.load()
    return shared_house


def rows(*steps: dict[str, str]) -> list[tuple[str, str]]:
    """The fields of steps, as their form has them."""
    names = ("type", "codes", "id", "from", "to", "msg")
    return [(f"row_{name}", step.get(name, "")) for step in steps for name in names]


async def saved(house: House, browser: Browser, do: str, *steps: dict[str, str], name: str = "gate") -> int:
    """The status of a form of steps that is sent with this button."""
    return (await browser.post("/menus/sequence", *rows(*steps), do=do, name=name, number="")).status


async def test_a_customer_makes_a_sequence_and_an_ivr_and_routes_a_number_to_it(house: House) -> None:
    await house.sounds.put("acme", "hello", TWO_SECONDS)
    carl = await house.logged_in("carl", "acme")
    await carl.get("/menus/ivr")
    (recording,) = house.entries.of("acme", "recording")
    steps = ({"type": "dtmf", "codes": "12w3"}, {"type": "rec", "id": str(recording.entry_id)})
    assert await saved(house, carl, "save", *steps) == 303
    (sequence,) = house.entries.of("acme", "sequence")
    assert sequence.content["steps"] == [dict(step) for step in steps]

    choices = [
        ("row_digits", "1"), ("row_place", f"seq:{sequence.entry_id}"), ("row_number", ""),
        ("row_digits", "2"), ("row_place", "fwd:"), ("row_number", "201 555 0110"),
    ]  # fmt: skip
    fields = {"name": "door", "recording": str(recording.entry_id), "timeout": "7", "language": "en"}
    assert (await carl.post("/menus/ivr", *choices, do="save", **fields)).status == 303
    (ivr,) = house.entries.of("acme", "ivr")
    assert ivr.content["choices"][0] == ["1", f"seq:{sequence.entry_id}"]
    assert "door" in (await carl.get(f"/menus/ivr?number={ivr.entry_id}")).text

    routed = await carl.post("/numbers/routing", did=NUMBER, place=f"ivr:{ivr.entry_id}", number="")
    assert routed.status == 303
    assert f"ivr:{ivr.entry_id}" in (await carl.get("/numbers")).words
    for path, number in (("/menus/sequence/delete", sequence.entry_id), ("/menus/ivr/delete", ivr.entry_id)):
        assert (await carl.post(path, number=str(number))).status == 409
    ann = await house.logged_in("ann")
    assert f"route a number: {NUMBER}" in (await ann.get("/audit")).words


async def test_steps_are_added_moved_and_deleted_without_being_stored(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    await carl.get("/menus/sequence")
    first, second = {"type": "dtmf", "codes": "11"}, {"type": "dtmf", "codes": "22"}

    async def codes(do: str) -> list[str]:
        page = await carl.post("/menus/sequence", *rows(first, second), do=do, name="n", number="")
        assert page.status == 200
        return [part.split('"')[0] for part in page.text.split('name="row_codes" maxlength="100" value="')[1:]]

    assert await codes("up:1") == ["22", "11"]
    assert await codes("down:0") == ["22", "11"]
    assert await codes("up:0") == ["11", "22"]
    assert await codes("delete:0") == ["22"]
    assert await codes("add:dtmf") == ["11", "22", ""]
    assert await codes("delete:99") == ["11", "22"]
    assert await codes("nonsense") == ["11", "22"]
    assert house.entries.of("acme", "sequence") == []


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        ([], "gate"),
        ([{"type": "dtmf", "codes": "x"}], "gate"),
        ([{"type": "rec", "id": "99"}], "gate"),
        ([{"type": "sms", "from": "+12015550107", "to": "2015550188", "msg": "Hi"}], "gate"),
        ([{"type": "odd"}], "gate"),
        ([{"type": "dtmf", "codes": "1"}], ""),
    ],
)
async def test_what_cannot_be_a_sequence_is_told_and_stays_in_the_form(
    house: House, steps: list[dict[str, str]], name: str
) -> None:
    carl = await house.logged_in("carl", "acme")
    await carl.get("/menus/sequence")
    assert await saved(house, carl, "save", *steps, name=name) == 422
    assert house.entries.of("acme", "sequence") == []


async def test_a_free_number_is_taken_and_one_that_somebody_has_is_not(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    assert "+12015550107, Jersey City" in (await carl.get("/numbers")).words
    assert (await carl.post("/numbers/take", did="+12015550107")).status == 303
    assert (await carl.post("/numbers/take", did="+12015550107")).status == 409
    assert (await carl.post("/numbers/take", did="+12015550103")).status == 409
    assert "+12015550107" in (await carl.get("/numbers")).words


async def test_a_number_that_is_not_theirs_or_that_the_configuration_owns_is_not_routed(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    for did, place in (("+12015550103", "sys:busy"), ("+12015550102", "sys:busy"), (NUMBER, "ivr:99"), (NUMBER, "x")):
        answer = await carl.post("/numbers/routing", did=did, place=place, number="")
        assert (did, answer.status) == (did, 422)
