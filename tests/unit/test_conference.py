"""Conferences on a scripted Asterisk: who starts one, who joins, and what is left when somebody goes, however."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.calls.effects.conference import Conferences, end_room, room_id
from controller.calls.line.line import Lost
from controller.calls.model.response_codes import ResponseCode
from controller.errors import AsteriskError
from controller.script.effects import JoinConference
from controller.script.outcomes import Finished, HungUp, Outcome
from tests.support.memory_ari import APPLICATION, MemoryAri, ScriptedLine, scripted_line

ROOM = JoinConference("Board")
BRIDGE = room_id("acme", "board")


def _join(conferences: Conferences, scripted: ScriptedLine) -> asyncio.Task[Outcome]:
    return asyncio.create_task(conferences.join(scripted.line, ROOM, "acme"))


async def _members(fake: MemoryAri, count: int) -> None:
    await fake.until(lambda: len(fake.bridges.get(BRIDGE, ())) == count)
    await asyncio.sleep(0)


def _codes(scripted: ScriptedLine) -> list[ResponseCode]:
    return [code for _, code in scripted.reported]


async def test_the_first_starts_the_conference_and_the_second_joins_it() -> None:
    fake, conferences = MemoryAri(), Conferences(APPLICATION)
    first, second = scripted_line(fake, queue_id=1), scripted_line(fake, queue_id=2)
    one = _join(conferences, first)
    await _members(fake, 1)
    other = _join(conferences, second)
    await _members(fake, 2)
    fake.hang_up(first.line.channel.id)
    assert await one == HungUp()
    assert list(fake.bridges) == [BRIDGE]
    fake.hang_up(second.line.channel.id)
    assert await other == HungUp()
    assert (_codes(first), _codes(second)) == ([ResponseCode.CONFERENCE_START], [ResponseCode.CONFERENCE_JOIN])
    assert not fake.bridges


async def test_two_who_hang_up_at_the_same_moment_leave_no_room() -> None:
    fake, conferences = MemoryAri(), Conferences(APPLICATION)
    lines = [scripted_line(fake, queue_id=number) for number in (1, 2)]
    joined = [_join(conferences, each) for each in lines]
    await _members(fake, 2)
    for each in lines:  # a hang-up is told before the channel has left its bridge
        fake.emit("ChannelHangupRequest", channel={"id": each.line.channel.id}, cause=16)
    assert await asyncio.gather(*joined) == [HungUp(), HungUp()]
    assert not fake.bridges


async def test_a_hang_up_between_two_requests_leaves_no_room() -> None:
    fake, conferences = MemoryAri(), Conferences(APPLICATION)
    scripted = scripted_line(fake)
    fake.refuse("POST", r"bridges/[^/]+/addChannel", status=400)
    with pytest.raises(AsteriskError):
        await conferences.join(scripted.line, ROOM, "acme")
    assert not fake.bridges


@pytest.mark.parametrize("request_uri", [r"bridges/[^/]+", r"bridges/[^/]+/addChannel", r"bridges/[^/]+/moh"])
async def test_a_request_without_an_answer_leaves_no_room(request_uri: str) -> None:
    fake, conferences = MemoryAri(), Conferences(APPLICATION)
    fake.stall("POST", request_uri)
    with pytest.raises(AsteriskError):
        await conferences.join(scripted_line(fake).line, ROOM, "acme")
    assert not fake.bridges


async def test_a_call_that_is_cut_off_leaves_no_room() -> None:
    fake, conferences = MemoryAri(), Conferences(APPLICATION)
    joined = _join(conferences, scripted_line(fake))
    await _members(fake, 1)
    joined.cancel()
    with pytest.raises(asyncio.CancelledError):
        await joined
    assert not fake.bridges


async def test_a_call_that_is_ended_from_outside_leaves_no_room() -> None:
    fake, conferences = MemoryAri(), Conferences(APPLICATION)
    scripted = scripted_line(fake)
    joined = _join(conferences, scripted)
    await _members(fake, 1)
    scripted.line.end("call-length-limit")
    assert await joined == HungUp()
    assert not fake.bridges


async def test_a_call_that_is_handed_over_stays_in_its_room_and_is_not_reported_again() -> None:
    fake, conferences = MemoryAri(), Conferences(APPLICATION)
    scripted = scripted_line(fake)
    joined = _join(conferences, scripted)
    await _members(fake, 1)
    scripted.line.hand_over()
    joined.cancel()
    with pytest.raises(asyncio.CancelledError):
        await joined
    assert fake.bridges == {BRIDGE: [scripted.line.channel.id]}

    scripted.line.events.close()
    adopted = scripted_line(fake, channel_id=scripted.line.channel.id)
    again = _join(Conferences(APPLICATION), adopted)
    await fake.until(lambda: len(fake.requests_of("GET", r"bridges/[^/]+")) == 1)
    fake.hang_up(adopted.line.channel.id)
    assert await again == HungUp()
    assert _codes(adopted) == []
    assert not fake.bridges


async def test_a_lost_connection_keeps_the_room_for_the_next_try_and_a_hang_up_meanwhile_closes_it() -> None:
    fake, conferences = MemoryAri(), Conferences(APPLICATION)
    scripted = scripted_line(fake)
    joined = _join(conferences, scripted)
    await _members(fake, 1)
    fake.client.lose()
    with pytest.raises(Lost):
        await joined
    assert list(fake.bridges) == [BRIDGE]
    fake.hang_up(scripted.line.channel.id)
    fake.client.regain()
    await conferences.leave(scripted.line, ROOM, "acme")
    assert not fake.bridges


async def test_who_comes_first_into_a_room_that_a_crash_left_has_started_the_conference() -> None:
    fake, conferences = MemoryAri(), Conferences(APPLICATION)
    fake.bridges[BRIDGE] = []
    scripted = scripted_line(fake)
    joined = _join(conferences, scripted)
    await fake.until(lambda: bool(scripted.reported))
    assert _codes(scripted) == [ResponseCode.CONFERENCE_START]
    fake.hang_up(scripted.line.channel.id)
    await joined


async def test_a_room_that_is_ended_from_outside_lets_the_script_go_on() -> None:
    fake, conferences = MemoryAri(), Conferences(APPLICATION)
    joined = _join(conferences, scripted_line(fake))
    await _members(fake, 1)
    assert not await end_room(fake.client, "acme", "another")
    assert await end_room(fake.client, "acme", "BOARD")
    assert await joined == Finished()


_names = st.text("ab-1", min_size=1, max_size=8)


@given(_names, _names, _names, _names)
def test_rooms_of_two_keys_never_are_one(key: str, room: str, other_key: str, other_room: str) -> None:
    same = (key, room) == (other_key, other_room)
    assert (room_id(key, room) == room_id(other_key, other_room)) is same


def test_a_room_whose_name_looks_like_another_keys_is_another_room() -> None:
    assert room_id("demo", "b-board") != room_id("demo-b", "board")
