"""The ARI client on a real Asterisk: calls over Local channels, drops, restarts."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass

import pytest

from controller.asterisk.ari.channels import Channel
from controller.asterisk.ari.client import AriClient
from controller.asterisk.ari.events import CONNECTION_LOST, CONNECTION_RESTORED, ChannelEvents, Event
from controller.errors import (
    ApplicationReplaced,
    AsteriskNotFound,
    AsteriskRefused,
    AsteriskTimeout,
    AsteriskUnreachable,
)
from tests.support.bare_asterisk import BareAsterisk
from tests.support.patience import LONGEST_WAIT

_numbers = itertools.count(1)


@dataclass
class Call:
    """An incoming call as the application has it, and the far side's channel."""

    channel: Channel
    events: ChannelEvents
    far: Channel

    async def until(self, *types: str) -> list[Event]:
        """Read events until one of each of these types came, in this order; gives all that were read."""
        seen: list[Event] = []
        for wanted in types:
            found = False
            while not found:
                event = await self.events.get(5)
                assert event is not None, f"no {wanted} after {[e.type for e in seen]}"
                seen.append(event)
                found = event.type == wanted
        return seen


async def incoming(client: AriClient, far_end: str, driver: AriClient | None = None) -> Call:
    """A call to the application from a far end of the dialplan's context `caller`."""
    number = next(_numbers)
    ours, far = f"ours/{number}", f"far-{number}"
    events = client.events_of(ours)
    await (driver or client).channels.originate(
        endpoint="Local/stasis@default",
        channel_id=far,
        other_channel_id=ours,
        context="caller",
        extension=far_end,
        priority=1,
    )
    call = Call(client.channels.get(ours), events, client.channels.get(far))
    start = (await call.until("StasisStart"))[-1]
    assert start.args == ("incoming", "stasis")
    return call


async def test_a_call_is_answered_hears_two_sounds_and_is_hung_up(ringpost: AriClient) -> None:
    call = await incoming(ringpost, "silent")
    await call.channel.answer()
    await call.channel.play(["sound:blip", "sound:blip"], playback_id="prompt/1")
    finished = (await call.until("ChannelStateChange", "PlaybackStarted", "PlaybackFinished"))[-1]
    assert (finished.playback_id, finished.playback_state) == ("prompt/1", "done")
    await call.channel.hangup(reason_code=16)
    await call.until("StasisEnd")
    with pytest.raises(AsteriskRefused):
        await call.channel.answer()


async def test_a_missing_sound_finishes_as_failed(ringpost: AriClient) -> None:
    call = await incoming(ringpost, "silent")
    await call.channel.answer()
    await call.channel.play(["sound:nowhere"], playback_id="missing")
    assert (await call.until("PlaybackFinished"))[-1].playback_state == "failed"
    await call.channel.hangup()


async def test_a_playback_is_paused_resumed_and_stopped(ringpost: AriClient) -> None:
    call = await incoming(ringpost, "silent")
    await call.channel.answer()
    await call.channel.play(["sound:tone"], playback_id="p")
    await call.until("PlaybackStarted")
    await ringpost.playbacks.control("p", "pause")
    await ringpost.playbacks.control("p", "unpause")
    await ringpost.playbacks.stop("p")
    await call.until("PlaybackFinished")
    with pytest.raises(AsteriskNotFound):
        await ringpost.playbacks.stop("of-nobody")
    await call.channel.hangup()


async def test_digits_arrive_in_their_order(ringpost: AriClient) -> None:
    call = await incoming(ringpost, "digits")
    await call.channel.answer()
    seen = await call.until("ChannelDtmfReceived", "ChannelDtmfReceived", "ChannelDtmfReceived")
    assert "".join(event.digit for event in seen) == "12#"
    await call.channel.hangup()


async def test_talking_is_told_when_it_was_asked_for(ringpost: AriClient) -> None:
    call = await incoming(ringpost, "talking")
    await call.channel.set_variable("TALK_DETECT(set)", "300,256")
    await call.channel.answer()
    await call.until("ChannelTalkingStarted")
    await call.channel.hangup()


async def test_a_recording_is_stopped_fetched_and_deleted(ringpost: AriClient) -> None:
    call = await incoming(ringpost, "talking")
    await call.channel.answer()
    await call.channel.record(name="acme/greeting", terminate_on="#")
    await call.until("RecordingStarted")
    await ringpost.recordings.stop("acme/greeting")
    finished = (await call.until("RecordingFinished"))[-1]
    assert finished.recording_name == "acme/greeting"
    assert "acme/greeting" in await ringpost.recordings.stored_names()
    assert (await ringpost.recordings.stored_file("acme/greeting")).startswith(b"RIFF")
    await ringpost.recordings.delete_stored("acme/greeting")
    with pytest.raises(AsteriskNotFound):
        await ringpost.recordings.stored_file("acme/greeting")
    await call.channel.hangup()


async def test_a_variable_comes_back_as_it_was_set(ringpost: AriClient) -> None:
    call = await incoming(ringpost, "silent")
    await call.channel.set_variable("ODD", 'a+b%41 &=? "ü€"')
    assert await call.channel.get_variable("ODD") == 'a+b%41 &=? "ü€"'
    with pytest.raises(AsteriskNotFound):
        await call.channel.get_variable("NEVER_SET")
    await call.channel.hangup()


async def test_the_far_side_hanging_up_is_told_with_its_cause(ringpost: AriClient) -> None:
    call = await incoming(ringpost, "leaving")
    await call.channel.answer()
    seen = await call.until("ChannelHangupRequest", "StasisEnd")
    assert [event.cause for event in seen if event.type == "ChannelHangupRequest"] == [16]


async def test_a_channel_that_is_let_go_goes_on_in_the_dialplan(ringpost: AriClient) -> None:
    await ringpost.asterisk.set_variable("RELEASED", "no")
    call = await incoming(ringpost, "silent")
    await call.channel.continue_in_dialplan(context="released", extension="s", priority=1)
    await call.until("StasisEnd")
    await eventually(ringpost, "RELEASED", "yes")


async def test_a_channel_whose_lease_is_not_renewed_falls_into_the_dialplan(ringpost: AriClient) -> None:
    await ringpost.asterisk.set_variable("LEASE_EXPIRED", "no")
    call = await incoming(ringpost, "silent")
    await call.channel.answer()
    await call.channel.set_variable("TIMEOUT(absolute)", "1")
    await call.until("StasisEnd")
    await eventually(ringpost, "LEASE_EXPIRED", "yes")


async def eventually(client: AriClient, variable: str, value: str) -> None:
    """Wait until a global variable has this value; each look is a round trip."""
    async with asyncio.timeout(LONGEST_WAIT):
        while await client.asterisk.get_variable(variable) != value:
            pass


async def test_an_outgoing_call_rings_is_answered_and_ends(ringpost: AriClient) -> None:
    number = f"out-{next(_numbers)}"
    call = Call(ringpost.channels.get(number), ringpost.events_of(number), ringpost.channels.get(number))
    await ringpost.channels.originate(
        endpoint="Local/ringing@caller",
        channel_id=number,
        application="ringpost",
        application_args="outgoing,q1",
        caller_id="Acme <12015550101>",
        timeout_seconds=10,
        variables={"TRY": "1"},
    )
    with pytest.raises(AsteriskRefused) as refusal:
        await ringpost.channels.originate(endpoint="Local/ringing@caller", channel_id=number, application="ringpost")
    assert refusal.value.status == 409
    seen = await call.until("StasisStart")
    assert [event.dial_status for event in seen if event.type == "Dial"] == ["", "RINGING", "ANSWER"]
    assert seen[-1].args == ("outgoing", "q1")
    assert await call.channel.get_variable("TRY") == "1"
    assert number in (await ringpost.applications.get("ringpost")).channel_ids
    await call.channel.hangup()
    await call.until("StasisEnd", "ChannelDestroyed")


async def test_a_busy_phone_is_told_with_cause_17(ringpost: AriClient) -> None:
    number = f"out-{next(_numbers)}"
    call = Call(ringpost.channels.get(number), ringpost.events_of(number), ringpost.channels.get(number))
    await ringpost.channels.originate(endpoint="Local/busy@caller", channel_id=number, application="ringpost")
    seen = await call.until("ChannelDestroyed")
    assert seen[-1].cause == 17
    assert "BUSY" in [event.dial_status for event in seen]


async def test_two_channels_are_bridged_with_music_before(ringpost: AriClient) -> None:
    caller = await incoming(ringpost, "silent")
    await caller.channel.answer()
    await caller.channel.start_moh()
    await caller.channel.stop_moh()
    number = f"out-{next(_numbers)}"
    callee = Call(ringpost.channels.get(number), ringpost.events_of(number), ringpost.channels.get(number))
    await ringpost.channels.create(endpoint="Local/ringing@caller", channel_id=number, application="ringpost")
    await callee.until("StasisStart")
    await callee.channel.dial(caller=caller.channel.id, timeout_seconds=5)
    dials = await callee.until("Dial", "Dial", "Dial")
    assert dials[-1].dial_status == "ANSWER"
    bridge = await ringpost.bridges.create(bridge_id=f"transfer-{number}")
    await bridge.start_moh()
    await bridge.stop_moh()
    await bridge.add_channel(caller.channel.id, callee.channel.id)
    await caller.until("ChannelEnteredBridge")
    assert set((await bridge.state()).channel_ids) == {caller.channel.id, callee.channel.id}
    await callee.channel.hangup()
    await callee.until("ChannelLeftBridge", "StasisEnd", "ChannelDestroyed")
    await bridge.remove_channel(caller.channel.id)
    await bridge.destroy()
    await caller.channel.hangup()


async def test_a_thousand_requests_at_once_each_get_their_own_answer(ringpost: AriClient) -> None:
    call = await incoming(ringpost, "silent")
    await asyncio.gather(*(call.channel.set_variable(f"V{number}", str(number)) for number in range(1000)))
    values = await asyncio.gather(*(call.channel.get_variable(f"V{number}") for number in range(1000)))
    assert values == [str(number) for number in range(1000)]
    await call.channel.hangup()


async def test_twenty_calls_at_once_keep_their_own_order(ringpost: AriClient) -> None:
    async def converse() -> list[str]:
        call = await incoming(ringpost, "digits")
        await call.channel.answer()
        seen = await call.until("ChannelDtmfReceived", "ChannelDtmfReceived", "ChannelDtmfReceived")
        await call.channel.hangup()
        seen += await call.until("StasisEnd")
        return [event.digit or event.type for event in seen if event.type != "ChannelHangupRequest"]

    orders = await asyncio.gather(*(converse() for _ in range(20)))
    assert orders == [["ChannelStateChange", "1", "2", "#", "StasisEnd"]] * 20


async def test_a_second_client_of_the_application_ends_the_first(bare_asterisk: BareAsterisk) -> None:
    first, second = bare_asterisk.ari(application="contested"), bare_asterisk.ari(application="contested")
    running = asyncio.create_task(first.run())
    await first.wait_connected(LONGEST_WAIT)
    taking_over = asyncio.create_task(second.run())
    with pytest.raises(ApplicationReplaced):
        await asyncio.wait_for(running, LONGEST_WAIT)
    await second.wait_connected(LONGEST_WAIT)
    await second.asterisk.ping()
    taking_over.cancel()
    await asyncio.gather(taking_over, return_exceptions=True)


async def test_a_wrong_password_is_told_at_once(bare_asterisk: BareAsterisk, ari: AriClient) -> None:
    with pytest.raises(AsteriskRefused):
        await asyncio.wait_for(bare_asterisk.ari(password="wrong").run(), LONGEST_WAIT)


async def test_channels_outlive_a_dropped_connection_and_are_adopted(ringpost: AriClient, ari: AriClient) -> None:
    call = await incoming(ringpost, "silent", driver=ari)
    await call.channel.answer()
    await call.until("ChannelStateChange")
    held: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()

    async def look() -> None:
        held.put_nowait((await ringpost.applications.get("ringpost")).channel_ids)

    ringpost.on_connected(look)
    await ringpost.drop()
    seen = await call.until(CONNECTION_LOST, CONNECTION_RESTORED)
    assert [event.type for event in seen] == [CONNECTION_LOST, CONNECTION_RESTORED]
    assert call.channel.id in await asyncio.wait_for(held.get(), LONGEST_WAIT)
    await call.channel.play(["sound:blip"], playback_id="after-drop")
    await call.until("PlaybackFinished")
    await call.channel.hangup()
    await call.until("StasisEnd")


async def test_a_restarted_asterisk_is_found_again(bare_asterisk: BareAsterisk, ringpost: AriClient) -> None:
    call = await incoming(ringpost, "silent")
    await bare_asterisk.kill()
    await call.until(CONNECTION_LOST)
    with pytest.raises(AsteriskUnreachable):
        await ringpost.asterisk.ping()
    await bare_asterisk.start()
    await ringpost.wait_connected(LONGEST_WAIT)
    with pytest.raises(AsteriskNotFound):
        await call.channel.answer()
    again = await incoming(ringpost, "silent")
    await again.channel.answer()
    await again.channel.hangup()
    await again.until("StasisEnd")


async def test_an_asterisk_that_stands_still_is_given_up_and_found_again(bare_asterisk: BareAsterisk) -> None:
    client = bare_asterisk.ari(application="patient", request_timeout=0.2, connect_timeout=0.5, heartbeat=0.1)
    lost = client.events_of("any")
    running = asyncio.create_task(client.run())
    await client.wait_connected(LONGEST_WAIT)
    with bare_asterisk.standing_still():
        with pytest.raises((AsteriskTimeout, AsteriskUnreachable)):
            await client.asterisk.ping()
        event = await lost.get(10)
        assert event is not None
        assert event.type == CONNECTION_LOST
        with pytest.raises(AsteriskUnreachable):
            await client.wait_connected(1.2)
    await client.wait_connected(LONGEST_WAIT)
    assert not running.done()
    await client.asterisk.ping()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_endpoints_modules_and_versions_can_be_asked_for(ari: AriClient) -> None:
    await ari.wait_connected(LONGEST_WAIT)
    assert (await ari.asterisk.info()).version == ari.asterisk_version
    assert (await ari.asterisk.modules())["res_ari.so"] == "Running"
    await ari.asterisk.reload_module("res_musiconhold.so")
    with pytest.raises(AsteriskNotFound):
        await ari.asterisk.reload_module("nowhere.so")
    assert [endpoint.resource for endpoint in await ari.endpoints.list("PJSIP")] == ["itself"]
