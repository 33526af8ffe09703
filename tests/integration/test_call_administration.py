"""Ending calls and conferences in progress, of this controller and of another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from controller.calls.administration import Ending, EndingResult
from controller.calls.store.call_lookup import CallFilter, CallLookup
from controller.errors import PhoneNumberInvalid
from tests.support.calls import KEY, CallsRoom, calls_room, snapshot
from tests.support.fake_ari import FakeAri
from tests.support.patience import LONGEST_WAIT, until

NUMBER, ROOM = "+12015550101", "+12015550102"
GUID_ROOM, GUID = "+12015550103", "7f6c1a52-0000-4000-8000-000000000009"
KNOWN = snapshot(
    {
        NUMBER: r"Hello. ~\WaitForDTMF(60)~",
        ROOM: r"~\SetVar(confkey|Board)~ ~\Conference()~ It is over.",
        GUID_ROOM: rf"~\SetVar(confkey|{GUID})~ ~\Conference()~ It is over.",
    }
)


@asynccontextmanager
async def _two(postgres: str) -> AsyncIterator[tuple[FakeAri, CallsRoom, CallsRoom]]:
    """The Asterisk of the first of two controllers, and both."""
    async with (
        FakeAri() as one,
        FakeAri() as two,
        calls_room(one, postgres, KNOWN, "first") as first,
        calls_room(two, postgres, KNOWN, "second") as second,
    ):
        yield one, first, second


async def _queue_id(room: CallsRoom) -> int:
    assert await room.journal.flush()
    (call,) = await CallLookup(room.database).find(CallFilter(open_only=True))
    return call.queue_id


async def _listening(room: CallsRoom) -> None:
    """Every controller listens for what is passed on to it."""
    async with asyncio.timeout(LONGEST_WAIT):
        while True:
            connection = await asyncpg.connect(room.database.dsn)
            try:
                query = (
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                )
                if await connection.fetchval(query) >= 2:
                    return
            finally:
                await connection.close()
            await asyncio.sleep(0.02)


async def test_a_call_in_progress_is_ended(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, KNOWN) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
        queue_id = await _queue_id(room)
        assert await room.administration.end_call(queue_id) == EndingResult(Ending.DONE)
        await fake.until(lambda: channel in fake.gone)
        await room.idle()
        assert (await room.trace())[-1] == ("end", {"reason": "ended-by-administrator"})
        assert await room.administration.end_call(queue_id) == EndingResult(Ending.OVER)


async def test_a_call_that_another_controller_has_is_ended_by_that_one(postgres: str) -> None:
    async with _two(postgres) as (fake, first, second):
        channel = fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
        queue_id = await _queue_id(first)
        await _listening(second)
        assert await second.administration.end_call(queue_id) == EndingResult(Ending.PASSED_ON, ("first",))
        await fake.until(lambda: channel in fake.gone)
        await first.idle()


async def test_of_a_controller_that_gives_no_sign_of_life_it_is_said_that_it_has_the_call(postgres: str) -> None:
    async with _two(postgres) as (fake, first, second):
        fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
        queue_id = await _queue_id(first)
        connection = await asyncpg.connect(postgres)
        try:
            await connection.execute(
                "UPDATE controllers SET heartbeat_at = now() - interval '1 hour' WHERE id = 'first'"
            )
        finally:
            await connection.close()
        assert await second.administration.end_call(queue_id) == EndingResult(Ending.CONTROLLER_DEAD, ("first",))


async def test_a_call_is_transferred_by_whichever_controller_has_it(postgres: str) -> None:
    async with _two(postgres) as (fake, first, second):
        fake.on_originate = lambda leg: fake.answer(leg.id)
        channel = fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
        queue_id = await _queue_id(first)
        await _listening(second)
        for refused in ("+19005550110", "sip:nobody", "no number"):
            with pytest.raises(PhoneNumberInvalid):
                await second.administration.transfer(queue_id, refused)
        passed_on = await second.administration.transfer(queue_id, "sip:alice")
        assert passed_on == EndingResult(Ending.PASSED_ON, ("first",))
        await fake.asked("POST", r"bridges/[^/]+/addChannel")
        again = await first.administration.transfer(queue_id, "12015550110")
        assert again == EndingResult(Ending.NOBODY_WAITS)
        (leg,) = [known for known in fake.channels if known != channel]
        fake.hang_up(leg)
        await fake.until(lambda: channel in fake.gone)
        await first.idle()
        trace = await first.trace(queue_id)
        assert ("transfer_asked", {"number": "sip:alice"}) in trace
        assert ("transfer", {"number": "sip:alice", "result": "answered"}) in trace
        assert trace[-1] == ("end", {"reason": "transferred"})
        assert await second.administration.transfer(queue_id, "sip:alice") == EndingResult(Ending.OVER)
        assert await second.administration.transfer(7, "sip:alice") == EndingResult(Ending.UNKNOWN)


async def test_a_call_whose_transfer_fails_goes_on_with_its_script(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, KNOWN) as room:
        fake.on_originate = lambda leg: fake.reject(leg.id)
        fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
        queue_id = await _queue_id(room)
        assert await room.administration.transfer(queue_id, "12015550188") == EndingResult(Ending.DONE)
        waited: tuple[str, dict[str, Any]] = ("wait_digit", {})

        async def waits_again() -> bool:
            return (await room.trace(queue_id)).count(waited) == 2

        await until(waits_again)
        trace = await room.trace(queue_id)
        failure = ("transfer", {"number": "+12015550188", "result": "busy"})
        assert trace.index(waited) < trace.index(failure) < len(trace) - 1 - trace[::-1].index(waited)
        await room.administration.end_call(queue_id)
        await room.idle()


async def test_a_conference_of_another_controller_is_ended_by_that_one_and_the_scripts_go_on(postgres: str) -> None:
    async with _two(postgres) as (fake, first, second):
        fake.incoming_call(to=ROOM)
        await fake.asked("POST", r"bridges/[^/]+/moh")
        await _listening(second)
        async with asyncio.timeout(LONGEST_WAIT):
            while not await CallLookup(second.database).in_conference(KEY.name, "board"):
                await first.journal.flush()
        result = await second.administration.end_conference(KEY.name, "BOARD")
        assert result == EndingResult(Ending.PASSED_ON, ("first",))
        await fake.until(lambda: "say:It is over." in fake.played)
        await first.idle()
        assert await first.administration.end_conference(KEY.name, "board") == EndingResult(Ending.UNKNOWN)


async def test_a_conference_named_by_its_guid_is_ended_whichever_controller_has_it(postgres: str) -> None:
    async with _two(postgres) as (fake, first, second):
        fake.incoming_call(to=GUID_ROOM)
        await fake.asked("POST", r"bridges/[^/]+/moh")
        await _listening(second)
        await second.administration.end_conferences("board")  # no proof that the asker was in the room
        await second.administration.end_conferences(GUID.upper())
        await fake.until(lambda: "say:It is over." in fake.played)
        await first.idle()
