"""The queue of a channel's events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from controller.asterisk.ari.events import CONNECTION_LOST, EVENTS_OVERFLOWED, Event, EventStreams
from controller.errors import AsteriskError


def digit(channel_id: str, value: str) -> Event:
    return Event("ChannelDtmfReceived", {"channel": {"id": channel_id}, "digit": value})


async def test_a_reader_gets_what_came_before_and_what_comes_later() -> None:
    streams = EventStreams()
    events = streams.of("c1")
    streams.route(digit("c1", "1"))
    first = await events.get(5)
    reader = asyncio.create_task(events.get(5))
    await asyncio.sleep(0)
    streams.route(digit("c1", "2"))
    second = await reader
    assert first is not None
    assert second is not None
    assert first.digit + second.digit == "12"


async def test_time_passing_without_an_event_gives_none() -> None:
    assert await EventStreams().of("c1").get(0.001) is None
    assert await EventStreams().of("c1").get(0) is None


async def test_a_cancelled_reader_loses_no_event() -> None:
    streams = EventStreams()
    events = streams.of("c1")
    reader = asyncio.create_task(events.get(5))
    await asyncio.sleep(0)
    streams.route(digit("c1", "1"))
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    kept = events.get_nowait()
    assert kept is not None
    assert kept.digit == "1"


async def test_other_channels_events_and_unfollowed_ones_are_not_kept() -> None:
    streams = EventStreams()
    events = streams.of("c1")
    streams.route(digit("c2", "1"))
    assert events.get_nowait() is None
    assert streams.of("c2").get_nowait() is None


async def test_playbacks_recordings_and_dials_find_their_channel() -> None:
    streams = EventStreams()
    events, caller = streams.of("c1"), streams.of("c0")
    streams.route(Event("PlaybackFinished", {"playback": {"id": "p", "target_uri": "channel:c1"}}))
    streams.route(Event("PlaybackFinished", {"playback": {"id": "p", "target_uri": "bridge:c1"}}))
    streams.route(Event("RecordingFinished", {"recording": {"name": "r", "target_uri": "channel:c1"}}))
    streams.route(Event("Dial", {"caller": {"id": "c0"}, "peer": {"id": "c1"}, "dialstatus": "BUSY"}))
    types = []
    while (event := events.get_nowait()) is not None:
        assert event.channel_id == "c1"
        types.append(event.type)
    assert types == ["PlaybackFinished", "RecordingFinished", "Dial"]
    dial = caller.get_nowait()
    assert dial is not None
    assert dial.dial_status == "BUSY"


async def test_a_queue_that_nobody_reads_ends_with_an_error_event_and_takes_no_more() -> None:
    streams = EventStreams(limit=3)
    events = streams.of("c1")
    for value in "12345":
        streams.route(digit("c1", value))
    heard = [event.digit or event.type async for event in _all(events.get)]
    assert heard == ["1", "2", "3", EVENTS_OVERFLOWED]
    assert len(streams) == 0


async def _all(get: Callable[[float], Awaitable[Event | None]]) -> AsyncIterator[Event]:
    try:
        while True:
            event = await get(1)
            assert event is not None
            yield event
    except AsteriskError:
        return


async def test_closing_tells_a_waiting_reader() -> None:
    streams = EventStreams()
    events = streams.of("c1")
    reader = asyncio.create_task(events.get(5))
    await asyncio.sleep(0)
    events.close()
    with pytest.raises(AsteriskError):
        await reader
    assert len(streams) == 0


async def test_a_second_reader_is_refused() -> None:
    events = EventStreams().of("c1")
    reader = asyncio.create_task(events.get(5))
    await asyncio.sleep(0)
    with pytest.raises(AsteriskError, match="another reader"):
        await events.get(5)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)


async def test_the_same_queue_is_given_until_it_is_closed() -> None:
    streams = EventStreams()
    events = streams.of("c1")
    assert streams.of("c1") is events
    events.close()
    fresh = streams.of("c1")
    assert fresh is not events
    events.close()
    assert streams.of("c1") is fresh


async def test_a_lost_connection_is_told_to_every_channel() -> None:
    streams = EventStreams()
    queues = [streams.of("c1"), streams.of("c2")]
    streams.broadcast(CONNECTION_LOST)
    told = [queue.get_nowait() for queue in queues]
    assert [event and event.type for event in told] == [CONNECTION_LOST, CONNECTION_LOST]


def test_an_event_without_the_field_gives_an_empty_value() -> None:
    event = Event("StasisEnd", {})
    assert (event.channel_id, event.digit, event.args, event.cause) == ("", "", (), 0)
    assert (event.playback_id, event.recording_name, event.dial_status, event.bridge_id) == ("", "", "", "")
