"""Several controllers on one database: each has its own calls; those of one that died are closed by another, once."""

from __future__ import annotations

import asyncio

import asyncpg

from tests.support.calls import CallsRoom, calls_room, snapshot
from tests.support.fake_ari import FakeAri
from tests.support.owner import an_owner

NUMBER = "+12015550101"
WAITS = r"Hello. ~\WaitForDTMF(60)~"


async def _sql(room: CallsRoom, query: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(room.database.dsn)
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()


async def _events(room: CallsRoom) -> list[str]:
    assert await room.journal.flush()
    return [row["event"] for row in await _sql(room, "SELECT event FROM postbacks ORDER BY number")]


async def _silent_for(room: CallsRoom, controller_id: str, seconds: float) -> None:
    query = "UPDATE controllers SET heartbeat_at = now() - make_interval(secs => $2) WHERE id = $1"
    await _sql(room, query, controller_id, seconds)


async def _watched_for(room: CallsRoom, controller_id: str, seconds: float) -> None:
    query = "UPDATE controllers SET steady_since = now() - make_interval(secs => $2) WHERE id = $1"
    await _sql(room, query, controller_id, seconds)


async def _call(fake: FakeAri, room: CallsRoom) -> str:
    channel = fake.incoming_call()
    await fake.until(lambda: bool(fake.played))
    assert await room.journal.flush()
    return channel


async def test_a_controller_leaves_the_calls_of_another_one_alone(postgres: str) -> None:
    known = snapshot({NUMBER: WAITS})
    async with (
        FakeAri() as one,
        FakeAri() as two,
        calls_room(one, postgres, known, "first") as first,
        calls_room(two, postgres, known, "second") as second,
    ):
        channel = await _call(one, first)
        await _watched_for(second, "second", 3600)
        await second.adoption.connected()
        assert len(second.live) == 0
        assert await _events(second) == ["call.answered"]
        one.hang_up(channel)
        await first.idle()
        assert await _events(first) == ["call.answered", "call.completed"]


async def test_channels_of_two_servers_may_have_the_same_id(postgres: str) -> None:
    known = snapshot({NUMBER: WAITS})
    async with (
        FakeAri() as one,
        FakeAri() as two,
        calls_room(one, postgres, known, "first", asterisk="one") as first,
        calls_room(two, postgres, known, "second", asterisk="two") as second,
    ):
        assert await _call(one, first) == await _call(two, second)
        rows = await _sql(first, "SELECT controller_id, asterisk FROM calls WHERE ended_at IS NULL ORDER BY 1")
        assert [tuple(row) for row in rows] == [("first", "one"), ("second", "two")]


async def test_the_calls_of_a_controller_that_died_are_closed_by_another_with_one_final_postback(postgres: str) -> None:
    known = snapshot({NUMBER: WAITS})
    async with (
        FakeAri() as one,
        FakeAri() as two,
        calls_room(one, postgres, known, "first", asterisk="one") as first,
        calls_room(two, postgres, known, "second", asterisk="two") as second,
    ):
        channel = await _call(one, first)
        await _silent_for(second, "first", 91)
        await _watched_for(second, "second", 91)
        await second.adoption.connected()
        assert await _events(second) == ["call.answered", "call.lost"]

        # The dead one was only cut off: what it still has to say of the call is not told a second time.
        one.hang_up(channel)
        await first.idle()
        assert await _events(first) == ["call.answered", "call.lost"]


async def test_a_controller_that_has_just_come_takes_nobody_for_dead(postgres: str) -> None:
    known = snapshot({NUMBER: WAITS})
    async with (
        FakeAri() as one,
        FakeAri() as two,
        calls_room(one, postgres, known, "first", asterisk="one") as first,
        calls_room(two, postgres, known, "second", asterisk="two") as second,
    ):
        await _call(one, first)
        await _silent_for(second, "first", 3600)
        await second.adoption.connected()
        assert await _events(second) == ["call.answered"]


async def test_a_late_sign_of_life_begins_the_watch_over_others_anew(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({})) as room:
        owner = an_owner(room.database, "third")
        await owner.register()
        await _watched_for(room, "third", 3600)
        await owner.beat()
        (kept,) = await _sql(room, "SELECT now() - steady_since > '1 hour' AS long FROM controllers WHERE id = 'third'")
        await _silent_for(room, "third", 46)
        await owner.beat()
        (anew,) = await _sql(room, "SELECT now() - steady_since < '1 min' AS short FROM controllers WHERE id = 'third'")
        assert kept["long"]
        assert anew["short"]


async def test_of_several_that_ask_at_once_one_gets_a_dead_ones_calls(postgres: str) -> None:
    known = snapshot({NUMBER: WAITS})
    async with FakeAri() as fake, calls_room(fake, postgres, known, "first") as room:
        await _call(fake, room)
        await _silent_for(room, "first", 91)
        others = [an_owner(room.database, f"other-{index}") for index in range(5)]
        for other in others:
            await other.register()
            await _watched_for(room, other.controller_id, 91)
        taken = await asyncio.gather(*(other.take_over([]) for other in others))
        assert sorted(taken) == [0, 0, 0, 0, 1]


async def test_a_call_that_another_controller_has_closed_is_ended_here_too(postgres: str) -> None:
    known = snapshot({NUMBER: WAITS})
    async with FakeAri() as fake, calls_room(fake, postgres, known, "first") as room:
        channel = await _call(fake, room)
        await _sql(room, "UPDATE calls SET controller_id = 'second', ended_at = now()")
        await room.adoption.connected()
        await fake.until(lambda: channel in fake.gone)
        await room.idle()
        assert await _events(room) == ["call.answered"]


async def test_a_channel_in_the_own_application_is_adopted_whoever_had_it(postgres: str) -> None:
    known = snapshot({NUMBER: WAITS})
    async with FakeAri() as fake:
        async with calls_room(fake, postgres, known, "with-another-state-directory") as before:
            channel = await _call(fake, before)
        async with calls_room(fake, postgres, known, "first") as room:
            await room.started()
            assert room.live.channel_ids() == [channel]
            fake.hang_up(channel)
            await room.idle()
            assert await _events(room) == ["call.answered", "call.completed"]
