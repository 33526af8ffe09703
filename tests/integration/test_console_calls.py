"""What the console shows of calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.support.console import House, console_house
from tests.support.outbox import postback
from tests.support.patience import LONGEST_WAIT
from tests.support.sql import sql

STATE = '{"variables": {"digits": "42"}}'


@pytest.fixture(scope="module")
async def shared_house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        yield made


@pytest.fixture
async def house(shared_house: House) -> House:
    """The console without people and calls."""
    await sql(shared_house.database, "TRUNCATE console_people, calls, call_trace, postbacks, postback_outbox CASCADE")
    return shared_house


async def test_an_operator_finds_calls_by_number_code_time_and_queue_id(house: House) -> None:
    await house.call(1000000001)
    began = await house.call(1000000002, "rival", their_number="+12015550188", response_code=26, script_state=STATE)
    ann = await house.logged_in("ann")
    assert {"1000000001", "1000000002"} <= set((await ann.get("/calls")).words.split())
    for query, found in {
        "number=201-555-0188": True,
        "number=2015550199": False,
        "code=26": True,
        "code=30": False,
        "key=rival": True,
        "key=acme": False,
        "variable=Digits%3D42": True,
        "variable=digits%3D43": False,
        "queue_id=1000000002": True,
        "queue_id=1000000003": False,
        f"since={began:%Y-%m-%dT%H:%M:%S}": True,
        f"until={began:%Y-%m-%dT%H:%M:%S}": False,
        "since=2026-11-27T18:30&until=2026-11-27T18:31": False,
    }.items():
        assert (query, ">1000000002<" in (await ann.get(f"/calls?{query}")).text) == (query, found)


@pytest.mark.parametrize(
    "query",
    ["number=abc", "code=x", "since=tomorrow", "until=0001-01-01", "queue_id=-1", "variable=x", f"code={10**19}"],
)
async def test_what_cannot_be_searched_for_is_told_beside_its_field(house: House, query: str) -> None:
    ann = await house.logged_in("ann")
    answer = await ann.get(f"/calls?{query}")
    assert answer.status == 200
    assert "Not a valid" in answer.words


async def test_older_calls_are_on_the_next_page(house: House) -> None:
    for number in range(60):
        await house.call(1000000100 + number)
    ann = await house.logged_in("ann")
    page = await ann.get("/calls?number=2015550199")
    more = page.text.split('<a href="')[-1].split('" rel="next"')[0].replace("&amp;", "&")
    rest = await ann.get(f"/calls{more}")
    assert page.text.count('href="/console/calls/10') == 50
    assert rest.text.count('href="/console/calls/10') == 10
    assert (await ann.get("/calls?after=nonsense/1")).status == 200


async def test_a_customer_sees_calls_of_the_own_key_only(house: House) -> None:
    await house.call(1000000001, "acme")
    await house.call(1000000002, "rival")
    carl = await house.logged_in("carl", "acme")
    for path in ("/calls", "/calls?key=rival", "/calls?queue_id=1000000002"):
        assert "1000000002" not in (await carl.get(path)).text.replace('value="1000000002"', "")
    assert (await carl.get("/calls/1000000001")).status == 200
    assert (await carl.get("/calls/1000000002")).status == 404
    assert (await carl.post("/calls/1000000002/end")).status == 404


async def test_one_call_shows_its_timeline_trace_and_post_backs(house: House) -> None:
    began = await house.call(1000000001)
    await house.trace(
        1000000001,
        began,
        (1, "say", '{"text": "Press one for <b>sales</b>."}'),
        (4, "digit", '{"digit": "1"}'),
        (20, "record", '{"id": "message 1"}'),
        (31, "end", '{"reason": "hung-up"}'),
    )
    await house.postback(postback("call:1000000001", event="call.completed", final=True))
    carl = await house.logged_in("carl", "acme")
    page = await carl.get("/calls/1000000001")
    assert page.status == 200
    assert "say “Press one for <b>sales</b>.”" in page.words.replace("&lt;", "<")
    assert "<b>sales" not in page.text
    for part in ('class="timeline"', "the key 1", "call.completed", "id=message%201", "/sounds/waveform.svg?key=acme"):
        assert part in page.text
    assert "End this call" not in page.text


async def test_a_call_in_progress_can_be_ended_where_it_lives(house: House) -> None:
    await house.call(1000000001, open_call=True)
    ann = await house.logged_in("ann")
    assert "End this call" in (await ann.get("/calls/1000000001")).text
    # Nobody works on it: the call waits, or its controller is dead.
    answer = await ann.post("/calls/1000000001/end")
    assert answer.status == 409
    assert "end a call: call 1000000001" in (await ann.get("/audit")).words


async def read_event(answer: aiohttp.ClientResponse, name: str) -> str:
    """The data of the next event of this name."""
    async with asyncio.timeout(LONGEST_WAIT):
        current = ""
        async for raw in answer.content:
            line = raw.decode().rstrip("\r\n")
            if line.startswith("event: "):
                current = line.removeprefix("event: ")
            elif line.startswith("data: ") and current == name:
                return line.removeprefix("data: ")
    raise AssertionError(f"the stream ended without {name}")


async def test_the_list_of_calls_moves(house: House) -> None:
    carl = await house.logged_in("carl", "acme")
    headers = {"Cookie": f"ringpost_console={carl.cookies['ringpost_console']}"}
    async with house.http.get(f"{house.url}/console/calls/live", headers=headers) as answer:
        assert answer.content_type == "text/event-stream"
        assert "In progress: 0" in await read_event(answer, "part")
        await house.call(1000000002, "rival", open_call=True)
        await house.call(1000000001, open_call=True)
        moved = await read_event(answer, "part")
        assert "1000000001" in moved
        assert "1000000002" not in moved


async def test_the_page_of_a_call_moves_until_the_call_is_over(house: House) -> None:
    began = await house.call(1000000001, open_call=True)
    ann = await house.logged_in("ann")
    headers = {"Cookie": f"ringpost_console={ann.cookies['ringpost_console']}"}
    async with house.http.get(f"{house.url}/console/calls/1000000001/live", headers=headers) as answer:
        assert "Nothing yet." in await read_event(answer, "part")
        await house.trace(1000000001, began, (2, "say", '{"text": "Hello."}'))
        assert "Hello." in await read_event(answer, "part")
        await sql(house.database, "UPDATE calls SET ended_at = now(), end_reason = 'hung-up', state = 'ended'")
        assert await read_event(answer, "over") == "over"


async def test_a_stream_ends_with_its_session(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.api.console.live.STILL_LOGGED_IN_SECONDS", 0.1)
    ann = await house.logged_in("ann")
    headers = {"Cookie": f"ringpost_console={ann.cookies['ringpost_console']}"}
    async with house.http.get(f"{house.url}/console/calls/live", headers=headers) as answer:
        await read_event(answer, "part")
        await sql(house.database, "DELETE FROM console_sessions")
        async with asyncio.timeout(LONGEST_WAIT):
            assert b"event" not in await answer.content.read()
