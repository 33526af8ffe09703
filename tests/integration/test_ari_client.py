"""The ARI client against the scripted ARI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from controller.asterisk.ari.client import AriClient
from controller.asterisk.ari.events import CONNECTION_LOST, CONNECTION_RESTORED, Event
from controller.errors import (
    ApplicationReplaced,
    AsteriskNotFound,
    AsteriskRefused,
    AsteriskTimeout,
    AsteriskTooOld,
    AsteriskUnreachable,
)
from tests.support.fake_ari import FakeAri
from tests.support.patience import LONGEST_WAIT


@pytest.fixture
async def fake() -> AsyncIterator[FakeAri]:
    async with FakeAri() as fake:
        yield fake


@pytest.fixture
async def client(fake: FakeAri) -> AsyncIterator[AriClient]:
    async with fake.connected() as client:
        yield client


async def test_a_call_is_answered_played_to_and_hung_up(fake: FakeAri, client: AriClient) -> None:
    starts: asyncio.Queue[Event] = asyncio.Queue()
    client.on_event("StasisStart", starts.put_nowait)
    fake.incoming_call("12015550101", caller="12015550199", channel_id="call-1")
    start = await asyncio.wait_for(starts.get(), LONGEST_WAIT)
    assert start.args == ("incoming", "12015550101")
    assert start.caller_number == "12015550199"

    events = client.events_of(start.channel_id)
    channel = client.channels.get(start.channel_id)
    await channel.answer()
    await channel.play(["sound:welcome", "sound:menu"], playback_id="prompt-1")
    seen: list[Event] = []
    while not seen or seen[-1].type != "PlaybackFinished":
        event = await events.get(5)
        assert event is not None
        seen.append(event)
    assert [event.type for event in seen] == [
        "ChannelStateChange",
        "PlaybackStarted",
        "PlaybackContinuing",
        "PlaybackStarted",
        "PlaybackFinished",
    ]
    assert seen[-1].playback_id == "prompt-1"
    assert seen[-1].playback_state == "done"
    assert fake.played == ["sound:welcome", "sound:menu"]

    await channel.hangup(reason_code=21)
    assert fake.gone["call-1"].hangup_cause == 21
    with pytest.raises(AsteriskNotFound):
        await channel.answer()


async def test_answers_in_any_order_find_their_request(fake: FakeAri, client: AriClient) -> None:
    channel = fake.incoming_call()
    handle = client.channels.get(channel)
    fake.stall("POST", f"channels/{channel}/play/.*")
    stalled = asyncio.create_task(handle.play(["sound:x"], playback_id="p"))
    await fake.asked("POST", f"channels/{channel}/play/p")
    for number in range(50):
        await handle.set_variable(f"V{number}", str(number))
    values = await asyncio.gather(*(handle.get_variable(f"V{number}") for number in range(50)))
    assert values == [str(number) for number in range(50)]
    assert not stalled.done()
    stalled.cancel()
    await asyncio.gather(stalled, return_exceptions=True)


async def test_a_request_without_an_answer_ends_with_a_timeout(fake: FakeAri) -> None:
    async with fake.connected(request_timeout=0.05) as client:
        fake.stall("GET", "asterisk/ping")
        with pytest.raises(AsteriskTimeout):
            await client.asterisk.ping()
        await client.asterisk.ping()


async def test_a_refusal_carries_status_and_reason(fake: FakeAri, client: AriClient) -> None:
    fake.refuse("POST", "channels/.*/answer", status=412, message="Channel in invalid state")
    channel = fake.incoming_call()
    with pytest.raises(AsteriskRefused, match="Channel in invalid state") as refusal:
        await client.channels.get(channel).answer()
    assert refusal.value.status == 412


async def test_a_drop_fails_every_waiting_request_at_once(fake: FakeAri, client: AriClient) -> None:
    fake.stall("GET", "asterisk/ping", times=20)
    waiting = [asyncio.create_task(client.asterisk.ping()) for _ in range(20)]
    await fake.asked("GET", "asterisk/ping", count=20)
    fake.drop_connection()
    results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), LONGEST_WAIT)
    assert {type(result) for result in results} == {AsteriskUnreachable}


async def test_after_a_drop_the_client_comes_back_and_old_channels_go_on(fake: FakeAri, client: AriClient) -> None:
    channel = fake.incoming_call()
    events = client.events_of(channel)
    adopted: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()

    async def adopt() -> None:
        adopted.put_nowait((await client.applications.get("ringpost")).channel_ids)

    client.on_connected(adopt)
    await client.channels.get(channel).set_variable("A", "1")
    fake.drop_connection()
    seen = [await events.get(5) for _ in range(3)]
    assert [event.type for event in seen if event] == ["StasisStart", CONNECTION_LOST, CONNECTION_RESTORED]
    assert await asyncio.wait_for(adopted.get(), LONGEST_WAIT) == (channel,)
    fake.press(channel, "7")
    digit = await events.get(5)
    assert digit is not None
    assert digit.digit == "7"


async def test_while_disconnected_requests_fail_at_once(fake: FakeAri, client: AriClient) -> None:
    fake.accepts_connections = False
    channel = fake.incoming_call()
    events = client.events_of(channel)
    fake.drop_connection()
    lost = await events.get(5)
    while lost is not None and lost.type != CONNECTION_LOST:
        lost = await events.get(5)
    assert not client.connected
    with pytest.raises(AsteriskUnreachable):
        await client.asterisk.ping()
    with pytest.raises(AsteriskUnreachable):
        await client.wait_connected(0.05)
    fake.accepts_connections = True
    await client.wait_connected(LONGEST_WAIT)
    await client.asterisk.ping()


async def test_handlers_of_a_new_connection_run_after_each_connect_even_if_one_fails(fake: FakeAri) -> None:
    client = fake.client()
    welcomed: asyncio.Queue[int] = asyncio.Queue()

    async def fail() -> None:
        raise ValueError("a mistake in a handler")

    async def welcome() -> None:
        welcomed.put_nowait(client.connections)

    client.on_connected(fail)
    client.on_connected(welcome)
    running = asyncio.create_task(client.run())
    assert await asyncio.wait_for(welcomed.get(), LONGEST_WAIT) == 1
    fake.drop_connection()
    assert await asyncio.wait_for(welcomed.get(), LONGEST_WAIT) == 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_replaced_application_ends_the_client(fake: FakeAri) -> None:
    client = fake.client()
    running = asyncio.create_task(client.run())
    await client.wait_connected(LONGEST_WAIT)
    fake.replace_application()
    with pytest.raises(ApplicationReplaced):
        await asyncio.wait_for(running, LONGEST_WAIT)
    assert not client.connected


async def test_a_late_handshake_of_the_clients_own_does_not_end_it(fake: FakeAri) -> None:
    fake.silent_handshakes = 1
    client = fake.client(connect_timeout=0.05)
    running = asyncio.create_task(client.run())
    await client.wait_connected(LONGEST_WAIT)
    fake.replace_application()
    await fake.until(lambda: fake.connections == 2)
    await client.wait_connected(LONGEST_WAIT)
    fake.replace_application()
    with pytest.raises(ApplicationReplaced):
        await asyncio.wait_for(running, LONGEST_WAIT)


async def test_a_wrong_password_ends_the_client(fake: FakeAri) -> None:
    with pytest.raises(AsteriskRefused):
        await asyncio.wait_for(fake.client(password="wrong").run(), LONGEST_WAIT)


@pytest.mark.parametrize("version", ["20.13.0", "22.3.0", "18.26.2", "certified-20.7-cert5"])
async def test_an_old_server_is_refused_with_its_version_named(version: str) -> None:
    async with FakeAri(version=version) as fake:
        with pytest.raises(AsteriskTooOld, match=version):
            await asyncio.wait_for(fake.client().run(), LONGEST_WAIT)


async def test_an_old_server_that_is_deaf_on_the_socket_is_refused_too() -> None:
    async with FakeAri(version="18.26.2", answers_on_socket=False) as fake:
        with pytest.raises(AsteriskTooOld, match=r"18\.26\.2"):
            await asyncio.wait_for(fake.client(request_timeout=0.05).run(), LONGEST_WAIT)


async def test_a_new_server_that_is_deaf_on_the_socket_is_tried_again() -> None:
    async with FakeAri(answers_on_socket=False) as fake:
        client = fake.client(request_timeout=0.05)
        running = asyncio.create_task(client.run())
        await fake.until(lambda: fake.connections == 2)
        fake.answers_on_socket = True
        await client.wait_connected(LONGEST_WAIT)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_events_of_one_channel_keep_their_order(fake: FakeAri, client: AriClient) -> None:
    channels = [fake.incoming_call() for _ in range(5)]
    queues = [client.events_of(channel) for channel in channels]
    digits = "0123456789*#" * 20
    for digit in digits:
        for channel in channels:
            fake.press(channel, digit)
    for queue in queues:
        start = await queue.get(5)
        assert start is not None
        assert start.type == "StasisStart"
        heard = [await queue.get(5) for _ in digits]
        assert "".join(event.digit for event in heard if event) == digits


async def test_what_is_not_understood_is_passed_over(fake: FakeAri, client: AriClient) -> None:
    channel = fake.incoming_call()
    events = client.events_of(channel)
    fake.send("no json at all")
    fake.send("[1, 2]")
    fake.send('{"no": "type"}')
    fake.send('{"type": "PlaybackFinished", "playback": {"without": "target"}}')
    fake.send('{"type": "ChannelDtmfReceived", "channel": "a text"}')
    fake.emit("SomethingOfTomorrow", channel={"id": channel}, more=[1])
    fake.press(channel, "5")
    seen = [await events.get(5) for _ in range(3)]
    assert [event.type for event in seen if event] == ["StasisStart", "SomethingOfTomorrow", "ChannelDtmfReceived"]


async def test_a_handler_that_fails_stops_neither_the_reader_nor_other_handlers(
    fake: FakeAri, client: AriClient
) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    def fail(event: Event) -> None:
        raise ValueError("a mistake in a handler")

    client.on_event("StasisStart", fail)
    client.on_event("StasisStart", lambda event: heard.put_nowait(event.channel_id))
    channel = fake.incoming_call()
    assert await asyncio.wait_for(heard.get(), LONGEST_WAIT) == channel
    await client.asterisk.ping()


async def test_a_recording_is_fetched_and_deleted(fake: FakeAri, client: AriClient) -> None:
    channel = fake.incoming_call()
    events = client.events_of(channel)
    await client.channels.get(channel).record(name="acme/greeting", max_seconds=30)
    fake.finish_recording(channel, seconds=3, content=b"RIFF....WAVE")
    event = await events.get(5)
    while event is not None and event.type != "RecordingFinished":
        event = await events.get(5)
    assert event is not None
    assert (event.recording_name, event.recording_seconds) == ("acme/greeting", 3.0)
    assert await client.recordings.stored_file("acme/greeting") == b"RIFF....WAVE"
    await client.recordings.delete_stored("acme/greeting")
    with pytest.raises(AsteriskNotFound):
        await client.recordings.stored_file("acme/greeting")


async def test_the_events_that_nobody_looks_at_are_silenced(fake: FakeAri, client: AriClient) -> None:
    assert {"ChannelVarset", "ChannelDialplan"} <= set(fake.silenced)


async def test_cancelling_a_request_leaves_nothing_waiting(fake: FakeAri, client: AriClient) -> None:
    fake.stall("GET", "asterisk/ping")
    request = asyncio.create_task(client.asterisk.ping())
    await fake.asked("GET", "asterisk/ping")
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)
    assert client.pending_requests == 0
