"""A text that has to be made is heard sentence by sentence: the first plays while the next is made."""

from __future__ import annotations

import asyncio

from tests.support.calls import snapshot
from tests.support.memory_ari import MemoryAri
from tests.support.memory_room import MemoryRoom, memory_room
from tests.support.patience import until

NUMBER = "+12015550101"
TEXT = "One.|Two.|Three."


def whole(room: MemoryRoom, gate: asyncio.Event, *parts: str) -> None:
    """These parts wait for the gate, each by itself; the other ones of the text are made at once."""
    done = asyncio.Event()
    done.set()
    room.prompts.slow = {**dict.fromkeys(parts, gate), TEXT: done}


async def test_the_first_sentence_is_heard_while_the_second_is_made() -> None:
    fake, gate = MemoryAri(playback_seconds=None), asyncio.Event()
    async with memory_room(fake, snapshot({NUMBER: TEXT})) as room:
        whole(room, gate, "Two.")
        channel = fake.incoming_call()
        await fake.until(lambda: fake.played == ["say:One."])
        await until(lambda: room.prompts.making == ["One.", "Two."])
        gate.set()
        await fake.asked("POST", "channels/.*/play/.*", count=2)
        fake.finish_playback(channel)
        assert fake.played == ["say:One.", "say:Two."]
        fake.hang_up(channel)
        await room.idle()


async def test_the_second_sentence_waits_in_asterisk_before_the_first_has_ended() -> None:
    fake, gate = MemoryAri(playback_seconds=None), asyncio.Event()
    gate.set()
    async with memory_room(fake, snapshot({NUMBER: TEXT})) as room:
        whole(room, gate)
        fake.incoming_call()
        await fake.asked("POST", "channels/.*/play/.*", count=2)
        assert fake.played == ["say:One."]


async def test_when_the_next_sentence_is_late_silence_is_sent_and_then_it_is_heard() -> None:
    fake, gate = MemoryAri(playback_seconds=0.0), asyncio.Event()
    async with memory_room(fake, snapshot({NUMBER: TEXT})) as room:
        whole(room, gate, "Two.")
        fake.incoming_call()
        await fake.asked("POST", "channels/.*/silence")
        gate.set()
        await room.idle()
        assert [medium for medium in fake.played if medium.startswith("say")] == ["say:One.", "say:Two.", "say:Three."]


async def test_a_text_is_told_once_however_many_parts_it_has() -> None:
    fake, gate = MemoryAri(playback_seconds=0.0), asyncio.Event()
    gate.set()
    async with memory_room(fake, snapshot({NUMBER: TEXT})) as room:
        whole(room, gate)
        fake.incoming_call()
        await room.idle()
        said = [row for row in room.store.tables.trace.values() if row["event"] == "say"]
        assert len(said) == 1


async def test_who_hangs_up_ends_the_making_of_the_rest() -> None:
    fake, gate = MemoryAri(playback_seconds=None), asyncio.Event()
    async with memory_room(fake, snapshot({NUMBER: TEXT})) as room:
        whole(room, gate, "Two.")
        channel = fake.incoming_call()
        await until(lambda: room.prompts.making == ["One.", "Two."])
        fake.hang_up(channel)
        await room.idle()
        assert room.prompts.abandoned == ["Two."]
        assert not [medium for medium in fake.played if medium == "say:Three."]


async def test_a_digit_stops_what_plays_what_waits_and_what_is_being_made() -> None:
    fake, gate = MemoryAri(playback_seconds=None), asyncio.Event()
    menu = rf"~\AssignDTMF(1|one)~ {TEXT} ~\EndCall()~ ~\Label(one)~ Bye."
    async with memory_room(fake, snapshot({NUMBER: menu})) as room:
        whole(room, gate, "Three.")
        channel = fake.incoming_call()
        await fake.asked("POST", "channels/.*/play/.*", count=2)
        await until(lambda: "Three." in room.prompts.making)
        fake.press(channel, "1")
        await fake.until(lambda: fake.played[-1] == "say:Bye.")
        assert "say:Two." not in fake.played
        assert room.prompts.abandoned == ["Three."]
        fake.hang_up(channel)
        await room.idle()


async def test_what_another_engine_begins_it_speaks_to_the_end_and_tells_so_once() -> None:
    fake, gate = MemoryAri(playback_seconds=0.0), asyncio.Event()
    gate.set()
    async with memory_room(fake, snapshot({NUMBER: TEXT})) as room:
        whole(room, gate)
        room.prompts.stood_in = {"One.": "it was busy"}
        fake.incoming_call()
        await room.idle()
        assert room.prompts.asked_to_stand_in == ["Two.", "Three."]
        told = [row for row in room.store.tables.trace.values() if row["event"] == "speech.stand_in"]
        assert len(told) == 1


async def test_a_sentence_that_cannot_be_made_is_left_out_and_the_others_are_heard() -> None:
    fake, gate = MemoryAri(playback_seconds=0.0), asyncio.Event()
    gate.set()
    async with memory_room(fake, snapshot({NUMBER: TEXT})) as room:
        whole(room, gate)
        room.prompts.missing = {"Two."}
        fake.incoming_call()
        await room.idle()
        assert [medium for medium in fake.played if medium.startswith("say")] == ["say:One.", "say:Three."]
        assert room.registry.get_sample_value("ringpost_prompts_unheard_total") == 1
