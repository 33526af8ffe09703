"""Answer detection: what has answered a call that was placed, by how long it talks first, and by tones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest

from controller.asterisk.ari.events import Event
from controller.calls.line import answer_detection
from controller.calls.line.answer_detection import DECIDED, GREETING_OVER, WATCHING_SECONDS, AnswerDetection
from controller.calls.line.heard_sound import RATE, HeardSound, Samples
from controller.calls.line.listener import LineListener
from controller.calls.line.talk_detection import TalkDetection
from controller.softphone.call_audio import talk
from tests.support.memory_ari import MemoryAri
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import silence

CHANNEL = "ringpost-1-try-1"
STARTED = Event("ChannelTalkingStarted", {})
FAX = Event("ChannelToneDetected", {})
RINGING = Event("Dial", {"dialstatus": "RINGING"})


def _finished(milliseconds: int) -> Event:
    return Event("ChannelTalkingFinished", {"duration": milliseconds})


class Detecting:
    """An answer detection on a scripted Asterisk, and what its clock puts among the call's events."""

    def __init__(self) -> None:
        self.fake = MemoryAri()
        self.fake.incoming_call(channel_id=CHANNEL)
        channel = self.fake.client.channels.get(CHANNEL)
        self.put: asyncio.Queue[Event] = asyncio.Queue()
        self.detection = AnswerDetection(channel, TalkDetection(channel), self.put.put_nowait)

    def set(self) -> list[tuple[str, str]]:
        asked = self.fake.requests_of("POST", f"channels/{CHANNEL}/variable")
        return sorted((each.query["variable"], each.query["value"]) for each in asked)

    async def decided(self) -> str:
        """What is recognised when its clock decides."""
        async with asyncio.timeout(LONGEST_WAIT):
            return self.detection.notice(await self.put.get())


@pytest.fixture(autouse=True)
def quick_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_detection, "SILENT_SECONDS", 0.02)
    monkeypatch.setattr(answer_detection, "LISTENING_SECONDS", 30.0)
    monkeypatch.setattr(answer_detection, "GREETING_SECONDS", 0.02)
    monkeypatch.setattr(answer_detection, "PAUSE_MS", 10)


async def test_a_short_greeting_is_a_human() -> None:
    detecting = Detecting()
    await detecting.detection.begin()
    assert detecting.detection.notice(STARTED) == ""
    assert detecting.detection.notice(_finished(15)) == "HUMAN"


async def test_a_long_greeting_is_a_machine_while_it_still_talks() -> None:
    detecting = Detecting()
    await detecting.detection.begin()
    detecting.detection.notice(STARTED)
    assert await detecting.decided() == "MACHINE"


async def test_a_long_greeting_is_a_machine_when_its_end_is_told_first() -> None:
    detecting = Detecting()
    await detecting.detection.begin()
    detecting.detection.notice(STARTED)
    assert detecting.detection.notice(_finished(900)) == "MACHINE"


async def test_who_says_nothing_is_unknown_and_may_still_be_recognised() -> None:
    detecting = Detecting()
    await detecting.detection.begin()
    assert await detecting.decided() == "UNKNOWN"
    detecting.detection.notice(STARTED)
    assert detecting.detection.notice(_finished(15)) == "HUMAN"


async def test_a_fax_is_known_by_its_tone() -> None:
    detecting = Detecting()
    await detecting.detection.begin()
    assert detecting.detection.notice(FAX) == "FAX"
    assert detecting.detection.notice(FAX) == ""


async def test_a_ringing_tone_is_told_and_is_no_talk() -> None:
    detecting = Detecting()
    await detecting.detection.begin()
    detecting.detection.notice(STARTED)
    assert detecting.detection.notice(RINGING) == "RING"
    assert detecting.detection.notice(_finished(900)) == ""


async def test_what_was_not_told_for_a_while_makes_no_machine() -> None:
    detecting = Detecting()
    await detecting.detection.begin()
    detecting.detection.notice(STARTED)
    detecting.detection.interrupted()
    assert detecting.detection.notice(_finished(15)) == "HUMAN"


async def test_what_is_known_ends_what_asterisk_does_for_it_at_the_next_effect() -> None:
    detecting = Detecting()
    await detecting.detection.begin()
    await detecting.detection.settle()
    assert detecting.set() == [("TALK_DETECT(set)", "100"), ("TONE_DETECT(2100,300,rp)", "")]
    detecting.detection.notice(FAX)
    await detecting.detection.settle()
    assert detecting.set()[1:] == [
        ("TALK_DETECT(set)", "100"),
        ("TONE_DETECT(0,,x)", ""),
        ("TONE_DETECT(2100,300,rp)", ""),
    ]


async def test_faxes_are_not_listened_for_all_through_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_detection, "LISTENING_SECONDS", 0.02)
    monkeypatch.setattr(answer_detection, "SILENT_SECONDS", 30.0)
    detecting = Detecting()
    await detecting.detection.begin()
    assert await detecting.decided() == ""
    assert detecting.detection.notice(FAX) == ""


async def test_a_call_where_it_cannot_be_had_goes_on_without() -> None:
    detecting = Detecting()
    detecting.fake.refuse("POST", r"channels/[^/]+/variable", status=500, times=2)
    await detecting.detection.begin()
    assert detecting.detection.notice(FAX) == ""
    assert detecting.put.empty()


async def test_a_call_that_is_over_hears_nothing_of_its_clock() -> None:
    detecting = Detecting()
    await detecting.detection.begin()
    detecting.detection.close()
    assert detecting.detection.notice(Event(DECIDED, {"what": "UNKNOWN"})) == ""
    assert detecting.put.empty()


class Ear:
    """Hears for one listener what a test lets be heard, a tenth of a second at a time; `deaf` hears nothing."""

    def __init__(self, deaf: bool = False) -> None:
        self.sound = HeardSound()
        self.consumers: list[Callable[[HeardSound], None]] = []
        self._deaf = deaf

    async def begin(self, consumer: Callable[[HeardSound], None]) -> bool:
        if not self._deaf:
            self.consumers.append(consumer)
        return not self._deaf

    async def end(self, consumer: Callable[[HeardSound], None]) -> None:
        self.consumers.remove(consumer)

    def hear(self, samples: Samples) -> None:
        tick = RATE // 10
        for start in range(0, len(samples), tick):
            self.sound.add(samples[start : start + tick])
            for consumer in list(self.consumers):
                consumer(self.sound)


def _listening(ear: Ear) -> Detecting:
    detecting = Detecting()
    channel = detecting.fake.client.channels.get(CHANNEL)
    listener = cast("LineListener", ear)
    detecting.detection = AnswerDetection(channel, TalkDetection(channel), detecting.put.put_nowait, listener)
    return detecting


async def test_what_is_heard_on_the_line_says_who_answered_and_asterisk_is_not_asked() -> None:
    ear = Ear()
    detecting = _listening(ear)
    await detecting.detection.begin()
    assert detecting.detection.judges
    ear.hear(np.concatenate([silence(0.4), talk(0.7), silence(2.0)]))
    assert await detecting.decided() == "HUMAN"
    assert detecting.detection.evidence
    assert detecting.detection.notice(STARTED) == ""
    assert detecting.set() == []


async def test_a_person_is_listened_to_no_longer_than_something_may_follow() -> None:
    ear = Ear()
    detecting = _listening(ear)
    await detecting.detection.begin()
    ear.hear(np.concatenate([silence(0.4), talk(0.7), silence(WATCHING_SECONDS + 3.0)]))
    assert await detecting.decided() == "HUMAN"
    assert await detecting.decided() == ""
    await asyncio.sleep(0)
    assert ear.consumers == []
    assert not detecting.detection.judges


async def test_a_machines_greeting_is_over_when_what_is_said_would_be_heard() -> None:
    ear = Ear()
    detecting = _listening(ear)
    await detecting.detection.begin()
    ear.hear(np.concatenate([silence(0.4), talk(12.0)]))
    assert await detecting.decided() == "MACHINE"
    with detecting.detection.awaiting(1.0):
        ear.hear(silence(4.0))
        assert (await detecting.put.get()).type == GREETING_OVER
        assert detecting.detection.judges


async def test_a_line_that_cannot_be_listened_to_is_left_to_asterisk() -> None:
    detecting = _listening(Ear(deaf=True))
    await detecting.detection.begin()
    assert not detecting.detection.judges
    assert len(detecting.set()) == 2
    assert await detecting.decided() == "UNKNOWN"


async def test_what_asterisk_was_asked_for_is_ended_after_the_detection() -> None:
    detecting = Detecting()
    await detecting.detection.begin()
    await detecting.detection.settle()
    assert len(detecting.set()) == 2  # it still listens
    assert await detecting.decided() == "UNKNOWN"
    detecting.detection.close()
    await detecting.detection.settle()
    asked = [variable for variable, _ in detecting.set()]
    assert "TALK_DETECT(remove)" in asked
    assert len(asked) == 4
