"""Talk detection: one a channel, shared by all who want it, and gone when nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest

from controller.asterisk.ari.events import Event
from controller.calls.line.heard_sound import RATE, HeardSound, Samples
from controller.calls.line.listener import LineListener, PacketsFrom
from controller.calls.line.talk_detection import SHORTEST_SILENCE_MS, TalkDetection
from controller.errors import AsteriskError, AsteriskTimeout
from controller.softphone.call_audio import talk
from tests.support.memory_ari import MemoryAri
from tests.support.tones import silence

STARTED, FINISHED = Event("ChannelTalkingStarted", {}), Event("ChannelTalkingFinished", {})
CHANNEL = "1700000000.1"


def _detection(fake: MemoryAri) -> TalkDetection:
    fake.incoming_call(channel_id=CHANNEL)
    return TalkDetection(fake.client.channels.get(CHANNEL))


def _set(fake: MemoryAri) -> list[tuple[str, str]]:
    asked = fake.requests_of("POST", f"channels/{CHANNEL}/variable")
    return [(each.query["variable"], each.query["value"]) for each in asked]


async def test_the_shortest_silence_that_somebody_wants_counts() -> None:
    fake = MemoryAri()
    detection = _detection(fake)
    async with detection.wanted(1000), detection.wanted(300), detection.wanted(2000):
        pass
    assert _set(fake) == [
        ("TALK_DETECT(set)", "1000"),
        ("TALK_DETECT(set)", "300"),
        ("TALK_DETECT(set)", "1000"),
        ("TALK_DETECT(remove)", ""),
    ]


async def test_a_silence_is_never_shorter_than_asterisk_can_tell() -> None:
    fake = MemoryAri()
    async with _detection(fake).wanted(1):
        assert _set(fake) == [("TALK_DETECT(set)", str(SHORTEST_SILENCE_MS))]


async def test_it_is_removed_when_who_wanted_it_fails() -> None:
    fake = MemoryAri()
    with pytest.raises(ZeroDivisionError):
        async with _detection(fake).wanted(500):
            raise ZeroDivisionError
    assert _set(fake)[-1] == ("TALK_DETECT(remove)", "")


async def test_one_that_may_have_been_set_without_an_answer_is_removed() -> None:
    fake = MemoryAri()
    detection = _detection(fake)
    fake.stall("POST", r"channels/[^/]+/variable")
    with pytest.raises(AsteriskTimeout):
        async with detection.wanted(500):
            pytest.fail("it was not set")
    assert _set(fake)[-1] == ("TALK_DETECT(remove)", "")


async def test_one_that_is_refused_is_wanted_by_nobody() -> None:
    fake = MemoryAri()
    detection = _detection(fake)
    fake.refuse("POST", r"channels/[^/]+/variable", status=500)
    with pytest.raises(AsteriskError):
        await detection.begin(500)
    await detection.begin(800)
    await detection.end(800)
    assert _set(fake)[1:] == [("TALK_DETECT(set)", "800"), ("TALK_DETECT(remove)", "")]


async def test_a_call_that_is_cut_off_or_handed_over_is_asked_nothing_more() -> None:
    fake = MemoryAri()
    detection, entered = _detection(fake), asyncio.Event()

    async def listen() -> None:
        async with detection.wanted(500):
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(listen())
    await entered.wait()
    task.cancel()
    await asyncio.wait([task])
    assert _set(fake) == [("TALK_DETECT(set)", "500")]


async def test_a_channel_that_is_gone_needs_no_removal() -> None:
    fake = MemoryAri()
    async with _detection(fake).wanted(500):
        fake.hang_up(CHANNEL)


async def test_silence_counts_from_when_it_began_and_not_from_when_it_was_told() -> None:
    fake = MemoryAri()
    detection = _detection(fake)
    await detection.begin(800)
    detection.notice(STARTED)
    assert detection.talking
    before = asyncio.get_running_loop().time()
    detection.notice(FINISHED)
    after = asyncio.get_running_loop().time()
    assert not detection.talking
    assert before - 0.8 <= detection.silent_since <= after - 0.8


async def test_after_an_interruption_nobody_is_taken_to_talk() -> None:
    fake = MemoryAri()
    detection = _detection(fake)
    await detection.begin(800)
    detection.notice(STARTED)
    before = asyncio.get_running_loop().time()
    detection.interrupted()
    assert not detection.talking
    assert detection.silent_since >= before


class Ear:
    """A listener that has heard what a test gives it."""

    def __init__(self) -> None:
        self.sound = HeardSound()
        self.consumer: Callable[[HeardSound], None] | None = None

    async def begin(self, consumer: Callable[[HeardSound], None]) -> bool:
        self.consumer = consumer
        return True

    async def end(self, _consumer: Callable[[HeardSound], None]) -> None:
        self.consumer = None

    def hear(self, samples: Samples) -> None:
        for begin in range(0, len(samples), 800):  # a tenth of a second
            self.sound.add(samples[begin : begin + 800])
            assert self.consumer is not None
            self.consumer(self.sound)


TALK_SECONDS = 1.2
HUM = (8000 * np.sin(2 * np.pi * 440 / RATE * np.arange(round(TALK_SECONDS * RATE)))).astype(np.int16)


@pytest.mark.parametrize("sound", [talk(TALK_SECONDS), HUM], ids=["talk", "a tone"])
async def test_neither_talk_nor_a_tone_is_silence_on_a_line_that_is_listened_to(sound: Samples) -> None:
    ear, told = Ear(), list[Event]()
    detection = TalkDetection(MemoryAri().client.channels.get(CHANNEL), cast("LineListener", ear), told.append)
    async with detection.wanted(500):
        ear.hear(silence(1.0))
        assert told == []
        ear.hear(sound)
        assert [event.type for event in told] == ["ChannelTalkingStarted"]
        ear.hear(silence(0.3))
        assert len(told) == 1
        ear.hear(silence(0.5))
        assert [event.type for event in told] == ["ChannelTalkingStarted", "ChannelTalkingFinished"]
        assert told[1].data["duration"] == pytest.approx(1000 * TALK_SECONDS, abs=150)


def test_a_line_is_heard_from_asterisk_alone() -> None:
    heard: list[bytes] = []
    packets = PacketsFrom(heard.append)
    packets.datagram_received(b"too early", ("127.0.0.1", 10_000))
    packets.sender = ("127.0.0.1", 10_000)
    for stranger in (("127.0.0.1", 10_001), ("127.0.0.9", 10_000)):
        packets.datagram_received(b"a beep", stranger)
    packets.datagram_received(b"heard", ("127.0.0.1", 10_000))
    assert (heard, packets.strangers) == ([b"heard"], 3)
