"""What could not be heard: counted, told in the trace, and seen by who watches over the service."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry

from controller.calls.playback_health import FAILURES, WITHIN_SECONDS, PlaybackHealth
from tests.support.calls import snapshot
from tests.support.memory_ari import MemoryAri
from tests.support.memory_room import memory_room

NUMBER = "+12015550101"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _health(clock: Callable[[], float]) -> PlaybackHealth:
    return PlaybackHealth(CollectorRegistry(), clock)


async def test_one_bad_prompt_is_no_outage_and_several_in_a_row_are(clock: Clock) -> None:
    health = _health(clock)
    for _ in range(FAILURES - 1):
        health.unheard()
    assert await health.is_ready()
    health.unheard()
    assert not await health.is_ready()


async def test_what_is_heard_again_ends_the_outage(clock: Clock) -> None:
    health = _health(clock)
    health.unheard(FAILURES)
    health.heard()
    assert await health.is_ready()


async def test_without_calls_nothing_is_known_after_a_while(clock: Clock) -> None:
    health = _health(clock)
    health.unheard(FAILURES)
    clock.now += WITHIN_SECONDS + 1
    assert await health.is_ready()


async def test_a_prompt_that_asterisk_cannot_play_is_counted_and_an_error_in_the_trace() -> None:
    fake = MemoryAri()
    fake.missing_media = {"say:Hello."}
    async with memory_room(fake, snapshot({NUMBER: r"Hello. ~\WaitForDTMF(1)~"})) as room:
        channel = fake.incoming_call()
        await fake.asked("POST", "channels/.*/silence")
        fake.hang_up(channel)
        await room.idle()
        assert room.registry.get_sample_value("ringpost_prompts_unheard_total") == 1
        errors = [row for row in room.store.tables.trace.values() if row["event"] == "error"]
        assert any("Asterisk could not play it" in str(each) for each in errors)


async def test_the_trace_says_that_another_engine_spoke_and_why() -> None:
    fake = MemoryAri(playback_seconds=0.0)
    async with memory_room(fake, snapshot({NUMBER: "Hello."})) as room:
        room.prompts.stood_in = {"Hello.": "piper did not speak within 2.2 seconds."}
        fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
        await room.idle()
        events = [(row["event"], row["fields"]) for row in room.store.tables.trace.values()]
        told = [fields for event, fields in events if event == "speech.stand_in"]
        assert len(told) == 1
        assert "did not speak within 2.2 seconds" in str(told)


async def test_what_is_over_at_once_by_asterisks_own_clock_was_not_heard() -> None:
    fake = MemoryAri(playback_seconds=None)
    async with memory_room(fake, snapshot({NUMBER: r"Hello. ~\WaitForDTMF(1)~"})) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
        fake.finish_playback(channel, moment="2026-01-01T00:00:00.000+0000")
        await fake.asked("POST", "channels/.*/silence")
        fake.hang_up(channel)
        await room.idle()
        assert room.registry.get_sample_value("ringpost_prompts_unheard_total") == 1


async def test_a_call_that_ends_because_no_packets_came_says_so() -> None:
    fake = MemoryAri()
    async with memory_room(fake, snapshot({NUMBER: r"~\WaitForDTMF(30)~"})) as room:
        channel = fake.incoming_call()
        await fake.asked("POST", "channels/.*/silence")
        fake.hang_up(channel, cause=44)
        await room.idle()
        assert room.ended("no-media") == 1
