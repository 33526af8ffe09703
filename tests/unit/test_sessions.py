"""A call from Asterisk's hand-over to its end, on a store in memory: what is played, stored and posted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.calls.model.states import CallState
from controller.directory.snapshot import Did
from controller.script.parser import parse
from tests.support.calls import KEY, snapshot
from tests.support.memory_ari import MemoryAri
from tests.support.memory_room import MemoryRoom, memory_room
from tests.support.memory_store import MemoryDatabase

NUMBER = "+12015550101"
MENU = r"~\AssignDTMF(1|one)~ Press 1. ~\WaitForDTMF(30)~ ~\EndCall()~ ~\Label(one)~ One."


def the_call(room: MemoryRoom) -> dict[str, object]:
    (row,) = room.store.tables.calls.values()
    return row


async def test_a_call_is_answered_said_to_hung_up_and_posted_as_begun_and_over() -> None:
    fake = MemoryAri()
    async with memory_room(fake, snapshot({NUMBER: "Hello."})) as room:
        fake.incoming_call()
        await room.idle()
        assert fake.played == ["say:Hello."]
        call = the_call(room)
        assert (call["state"], call["end_reason"], call["response_code"]) == ("ended", "end-of-script", 30)
        assert [event for _, event, _ in room.store.posted] == ["call.answered", "call.completed"]
        assert [final for _, _, final in room.store.posted] == [False, True]
        assert room.ended("end-of-script") == 1


async def test_a_digit_that_is_bound_leads_to_its_label() -> None:
    fake = MemoryAri(playback_seconds=None)
    async with memory_room(fake, snapshot({NUMBER: MENU})) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: fake.played == ["say:Press 1."])
        fake.press(channel, "1")
        await fake.until(lambda: fake.played == ["say:Press 1.", "say:One."])
        fake.hang_up(channel)
        await room.idle()
        assert the_call(room)["end_reason"] == "hung-up"


async def test_a_call_for_a_number_that_nobody_owns_is_refused_and_not_stored() -> None:
    fake = MemoryAri()
    async with memory_room(fake, snapshot({})) as room:
        fake.incoming_call()
        await fake.asked("DELETE", "channels/.*")
        assert not room.store.tables.calls
        assert room.registry.get_sample_value("ringpost_calls_refused_total", {"reason": "unowned"}) == 1


async def test_a_key_gets_no_more_calls_than_it_may_have() -> None:
    fake = MemoryAri(playback_seconds=None)
    key = replace(KEY, max_calls=1)
    known = replace(snapshot({NUMBER: MENU}), dids={NUMBER: Did(NUMBER, voice=key, program=parse(MENU))})
    async with memory_room(fake, known) as room:
        first = fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
        fake.incoming_call()
        await fake.asked("DELETE", "channels/.*")
        fake.hang_up(first)
        await room.idle()
        assert len(room.store.tables.calls) == 1


async def test_a_call_goes_on_while_the_store_is_away_and_is_told_of_when_it_is_back() -> None:
    fake = MemoryAri(playback_seconds=None)
    async with memory_room(fake, snapshot({NUMBER: MENU}), dialling=False) as room:
        room.store.away = True
        channel = fake.incoming_call()
        await fake.until(lambda: fake.played == ["say:Press 1."])
        fake.press(channel, "1")
        await fake.until(lambda: "say:One." in fake.played)
        fake.hang_up(channel)
        assert not room.store.tables.calls
        room.store.away = False
        await room.idle()
        assert [event for _, event, _ in room.store.posted] == ["call.answered", "call.completed"]


async def test_a_call_that_is_full_of_waiting_entries_is_let_go_to_the_announcement() -> None:
    fake = MemoryAri()
    async with memory_room(fake, snapshot({NUMBER: MENU}), dialling=False) as room:
        room.calls.journal.limit = 0
        channel = fake.incoming_call()
        await fake.asked("POST", f"channels/{channel}/continue")
        assert not room.store.tables.calls


async def test_after_a_lost_connection_the_effect_under_way_is_done_again() -> None:
    fake = MemoryAri(playback_seconds=None)
    async with memory_room(fake, snapshot({NUMBER: MENU})) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: fake.played == ["say:Press 1."])
        fake.client.lose()
        fake.client.regain()
        await fake.until(lambda: fake.played == ["say:Press 1.", "say:Press 1."])
        fake.hang_up(channel)
        await room.idle()
        (queue_id,) = room.store.tables.calls
        assert "resumed" in room.store.trace_of(queue_id)


async def test_a_controller_that_stops_leaves_the_call_open_and_the_next_one_goes_on_with_it() -> None:
    fake, store = MemoryAri(playback_seconds=None), MemoryDatabase()
    async with memory_room(fake, snapshot({NUMBER: MENU}), store):
        channel = fake.incoming_call()
        await fake.until(lambda: fake.played == ["say:Press 1."])
    ((queue_id, row),) = store.tables.calls.items()
    assert row["state"] == CallState.ANSWERED
    again = MemoryAri(playback_seconds=None)
    again.surviving_channel(channel)
    async with memory_room(again, snapshot({NUMBER: MENU}), store) as room:
        await room.calls.adoption.connected()
        await again.until(lambda: again.played == ["say:Press 1."])
        again.press(channel, "1")
        await again.until(lambda: "say:One." in again.played)
        again.hang_up(channel)
        await room.idle()
    assert store.told(queue_id) == ["call.answered", "call.completed"]
    assert "resumed" in store.trace_of(queue_id)


async def test_a_call_whose_channel_is_gone_is_closed_and_told_of_once() -> None:
    fake, store = MemoryAri(playback_seconds=None), MemoryDatabase()
    async with memory_room(fake, snapshot({NUMBER: MENU}), store):
        fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
    (queue_id,) = store.tables.calls
    async with memory_room(MemoryAri(), snapshot({NUMBER: MENU}), store) as room:
        for _ in range(2):
            await room.calls.adoption.connected()
            await room.idle()
        assert room.ended("lost") == 1
    assert store.told(queue_id) == ["call.answered", "call.lost"]
    assert store.tables.calls[queue_id]["state"] == CallState.ENDED


async def test_a_channel_that_no_call_owns_is_let_go() -> None:
    fake = MemoryAri()
    fake.surviving_channel("stray", to="nobodys-number")
    async with memory_room(fake, snapshot({NUMBER: MENU})) as room:
        await room.calls.adoption.connected()
        assert fake.requests_of("POST", "channels/stray/continue")


async def test_a_call_in_progress_of_another_compiler_hears_the_announcement_and_keeps_its_state() -> None:
    fake, store = MemoryAri(playback_seconds=None), MemoryDatabase()
    script = r"~\StatusChangePostURL(http://127.0.0.1:9/mine)~ ~\SetVar(colour|red)~ Press 1. ~\WaitForDTMF(30)~"
    async with memory_room(fake, snapshot({NUMBER: script}), store):
        channel = fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
    ((queue_id, row),) = store.tables.calls.items()
    row["script_state"]["compiler"] = 99
    again = MemoryAri()
    again.surviving_channel(channel)
    async with memory_room(again, snapshot({NUMBER: script}), store) as room:
        await room.calls.adoption.connected()
        await room.idle()
        assert again.requests_of("POST", f"channels/{channel}/continue")
        assert not again.played
    assert (row["end_reason"], row["response_code"], row["script_state"]["compiler"]) == ("program-changed", 9, 99)
    last = store.tables.postbacks[-1]
    assert (last["event"], last["url"], last["final"]) == ("call.lost", "http://127.0.0.1:9/mine", True)
    assert "colour=red" in last["body"]
    assert store.told(queue_id) == ["call.answered", "call.lost"]


async def test_a_handler_that_fails_strands_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_args: object) -> object:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("controller.calls.effects.dispatch.play", fails)
    fake = MemoryAri()
    async with memory_room(fake, snapshot({NUMBER: "Hello."})) as room:
        channel = fake.incoming_call()
        await fake.asked("POST", f"channels/{channel}/continue")
        await room.idle()
        assert the_call(room)["end_reason"] == "error"
        assert [final for _, _, final in room.store.posted] == [False, True]


async def test_a_call_that_is_ended_from_outside_ends_with_that_reason() -> None:
    fake = MemoryAri(playback_seconds=None)
    async with memory_room(fake, snapshot({NUMBER: MENU})) as room:
        fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
        (queue_id,) = room.calls.live.queue_ids()
        assert room.calls.live.end_call(queue_id, "ended-by-us")
        await room.idle()
        assert the_call(room)["end_reason"] == "ended-by-us"
        assert not room.calls.live.end_call(queue_id, "again")


async def test_a_call_writes_so_many_lines_of_trace_and_tells_how_many_more_there_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("controller.calls.call_log.MOST_TRACE_LINES", 20)
    fake = MemoryAri(playback_seconds=0.0)
    script = " ".join(rf"~\SetVar(a|{number})~" for number in range(100)) + " Bye."
    async with memory_room(fake, snapshot({NUMBER: script})) as room:
        fake.incoming_call()
        await room.idle()
        (queue_id,) = room.store.tables.calls
        trace = room.store.trace_of(queue_id)
        assert len(trace) == 22
        assert (trace[0], trace[-2:]) == ("answered", ["left_out", "end"])


def seconds_of(played: list[str]) -> float:
    return sum(float(medium.removeprefix("silence:")) for medium in played)


async def test_silences_of_a_hundred_lengths_are_made_of_the_same_few_media() -> None:
    fake = MemoryAri(playback_seconds=0.0)
    lengths = [0.01, 0.25, 0.333, 1.0, 59.99, *(number * 1.37 for number in range(1, 20))]
    script = " ".join(rf"~\PlaySilence({seconds:.2f})~" for seconds in lengths)
    async with memory_room(fake, snapshot({NUMBER: script})) as room:
        fake.incoming_call()
        await room.idle()
        assert len(set(fake.played)) <= 12
        assert seconds_of(fake.played) == pytest.approx(sum(lengths), abs=0.01 * len(lengths))


async def test_what_the_call_is_too_short_for_is_not_made() -> None:
    fake = MemoryAri(playback_seconds=0.0)
    async with memory_room(fake, snapshot({NUMBER: r"~\PlaySilence(9000)~ " * 500 + "Bye."})) as room:
        fake.incoming_call()
        await room.idle()
        # Each medium of the room lasts a second; a call lasts an hour.
        assert len(fake.played) in (3600, 3601)
