"""Scripts in the console: kept, checked, tried, set."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from controller.api.console.flow_picture import flow_picture
from controller.script.parser import parse
from tests.support.console import House, console_house
from tests.support.sql import sql

MENU = """Welcome to <b>us</b>.
~\\Label(menu)~
Press one for sales, two to hear this again.
~\\AssignDTMF(1|sales)~ ~\\AssignDTMF(2|menu)~
~\\WaitForDTMF(5)~
~\\EndCall()~
~\\Label(sales)~
Nobody is here.
~\\EndCall()~
~\\Label(forgotten)~
Never heard.
"""


@pytest.fixture(scope="module")
async def shared_house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        await made.dids.load()
        yield made


@pytest.fixture
async def house(shared_house: House) -> House:
    """The console without people and scripts."""
    await sql(shared_house.database, "TRUNCATE console_people, console_audit, saved_scripts CASCADE")
    return shared_house


async def test_a_script_is_written_checked_tried_and_set(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    wrong = await carl.post("/scripts/edit", do="check", script="Hello.\n~\\Nothing()~")
    assert "line 2, column 1: error" in wrong.words
    assert "No mistakes." not in wrong.words

    right = await carl.post("/scripts/edit", do="check", script=MENU)
    assert "Proven: a call that nobody hangs up lasts at least" in right.words
    assert '<svg class="flow"' in right.text
    assert "<b>us" not in right.text

    tried = await carl.post("/scripts/edit", do="simulate", script=MENU, keys="1")
    assert "say “Nobody is here.”" in tried.words
    assert "end end" in tried.words

    saved = await carl.post("/scripts/edit", do="save", script=MENU, name="menu")
    assert "“menu” is saved." in saved.words
    assert "Welcome to" in (await carl.get("/scripts/edit?name=menu")).text

    given = await carl.post("/scripts/edit", do="assign", script=MENU, did="+12015550101")
    assert "Calls to +12015550101 run this script from now on." in given.words
    did = house.room.directory.snapshot.did("+12015550101")
    assert did is not None
    assert did.script_source == MENU
    assert "Welcome to" in (await carl.get("/scripts/edit?did=%2B12015550101")).text
    assert (await carl.post("/scripts/delete", name="menu")).status == 303
    assert (await carl.get("/scripts/edit?name=menu")).status == 404
    ann = await house.logged_in("ann")
    assert "set an incoming call script: +12015550101" in (await ann.get("/audit")).words


async def test_what_the_checker_says_comes_as_a_part_while_one_types(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    part = await carl.post("/scripts/check", script="~\\Nothing()~<script>")
    assert part.status == 200
    assert "<html" not in part.text
    assert "<script" not in part.text
    assert "error" in part.words


async def test_a_script_with_mistakes_or_for_a_number_of_the_configuration_is_not_set(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    for script, did in (("~\\Nothing()~", "+12015550101"), (MENU, "+12015550102"), (MENU, "+12015550103"), (MENU, "")):
        answer = await carl.post("/scripts/edit", do="assign", script=script, did=did)
        assert (answer.status, did, "cannot be given this script" in answer.words) == (422, did, True)


async def test_what_cannot_be_tried_or_kept_is_told(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    assert "is not made of keys" in (await carl.post("/scripts/edit", do="simulate", script=MENU, keys="x")).words
    assert (await carl.post("/scripts/edit", do="save", script=MENU, name="")).status == 422
    assert (await carl.post("/scripts/edit", do="save", script="x" * 100_001, name="long")).status == 413
    endless = "~\\Label(a)~ Hello. ~\\Goto(a)~"
    assert (await carl.post("/scripts/edit", do="simulate", script=endless)).status == 200


async def test_another_customer_reads_and_changes_no_script_of_it(house: House) -> None:
    carl, rita = await house.logged_in("carl", "acme"), await house.logged_in("rita", "rival")
    await carl.post("/scripts/edit", do="save", script="secret words", name="mine")
    for path in ("/scripts?key=acme", "/scripts/edit?key=acme&name=mine", "/scripts/edit?key=acme&did=%2B12015550101"):
        assert "secret" not in (await rita.get(path)).text
    assert (await rita.post("/scripts/delete", key="acme", name="mine")).status == 404
    assert (await rita.post("/scripts/edit", key="acme", do="assign", script="Hi.", did="+12015550101")).status == 422


def test_the_flow_has_a_box_for_each_part_and_tells_what_no_call_gets_to() -> None:
    picture = flow_picture(parse(MENU))
    assert [each.name for each in picture.boxes] == ["start", "menu", "sales", "forgotten", "end"]
    assert [each.reachable for each in picture.boxes] == [True, True, True, False, True]
    assert any(each.back for each in picture.arrows)
    assert flow_picture(parse("")).boxes == ()


def test_a_script_of_very_many_parts_is_drawn_in_part() -> None:
    picture = flow_picture(parse("".join(f"~\\Label(l{number})~ Hello. " for number in range(200))))
    assert picture.left_out == 120 or picture.left_out == 121
    assert len(picture.boxes) == 81


async def test_an_older_version_is_compared_and_comes_back_by_one_click(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    for source in ("Hello.\nGood day.", "Hello.\nGood <b>night.", "Hello.\nGood <b>night."):
        await carl.post("/scripts/edit", do="save", script=source, name="Menu")
    page = await carl.get("/scripts/versions?name=menu")
    assert "2 versions" in page.words
    assert "- Good day." in page.words
    assert "+ Good <b>night." in page.words
    assert "<b>" not in page.text
    older = re.findall(r"version=(\d+)", page.text)[-1]
    shown = await carl.get(f"/scripts/versions?name=menu&version={older}")
    assert "The oldest version that is kept" in shown.words

    back = await carl.post("/scripts/versions", name="menu", version=older)
    assert (back.status, back.headers["Location"]) == (303, "/console/scripts/versions?name=menu")
    assert "Good day." in (await carl.get("/scripts/edit?name=menu")).text
    assert "3 versions" in (await carl.get("/scripts/versions?name=menu")).words
    await carl.post("/scripts/delete", name="menu")
    assert (await carl.get("/scripts/versions?name=menu")).status == 404
    assert (await carl.post("/scripts/versions", name="menu", version=older)).status == 404


async def test_the_newest_fifty_versions_are_kept_of_a_number_too(house: House) -> None:
    carl, rita = await house.logged_in("carl", "acme"), await house.logged_in("rita", "rival")
    for number in range(52):
        assert await house.dids.set_script("+12015550101", "acme", f"Version {number}.") == ""
    page = await carl.get("/scripts/versions?did=%2B12015550101")
    assert "50 versions" in page.words
    assert "a program" in page.words
    versions = re.findall(r"version=(\d+)", page.text)
    assert (await carl.post("/scripts/versions", did="+12015550101", version=versions[1])).status == 303
    did = house.room.directory.snapshot.did("+12015550101")
    assert did is not None
    assert did.script_source == "Version 50."
    assert (await rita.get("/scripts/versions?did=%2B12015550101")).status == 404
    assert (await rita.post("/scripts/versions", did="+12015550101", version=versions[1])).status == 404


async def test_a_script_calls_whoever_wrote_it(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    answer = await carl.post("/scripts/edit", do="call", script="Hello.", phone="201 555 0188", shown="+12015550101")
    assert "201 555 0188 is being called." in answer.words
    found = re.search(r"/console(/calls/\d+)", answer.text)
    assert found is not None
    assert "+12015550188" in (await carl.get(found[1])).words

    for wrong in ({"phone": "nothing"}, {"phone": "201 555 0188", "script": "~\\Nothing()~"}):
        refused = await carl.post("/scripts/edit", **{"do": "call", "script": "Hello.", **wrong})
        assert refused.status == 422
        assert "No call is placed" in refused.words
