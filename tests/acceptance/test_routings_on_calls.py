"""Routings that a program made, on real calls: forwarding with digits, failover, messages, filters, groups, an echo,
queues, DISAs and callbacks; and calls that are recorded.
"""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
import soundfile  # type: ignore[import-untyped]

from controller.api.voipms.dates import ZONE
from controller.errors import CallRefused
from controller.programs import ProgramTree
from controller.softphone.answering import IncomingCall
from controller.softphone.call_audio import Audio
from controller.softphone.phone_call import PhoneCall
from tests.support.asterisk import RunningAsterisk
from tests.support.house import KEY
from tests.support.live import LiveHouse, hear_out, live_house, loud_spans
from tests.support.patience import LONGEST_WAIT, until
from tests.support.smtp_sink import SmtpSink, smtp_sink
from tests.support.tones import Ear, heard_codes, tone
from tests.support.voipms import Client

GREETING = 0
NUMBER = "2015550102"
SHOP, MOBILE = "2125550123", "2125550177"
ORDER = {"did": NUMBER, "pop": 1, "dialtime": 60, "cnam": 0, "billing_type": 1}


@dataclass
class Routed:
    """The house, and the customer's program."""

    live: LiveHouse
    client: Client
    sink: SmtpSink

    async def route(self, routing: str, **failovers: str) -> None:
        settings = {**ORDER, "routing": routing, "failover_busy": "none:", **failovers}
        assert await self.client.status("setDIDInfo", **settings) == "success"


@pytest.fixture(scope="module")
async def routed(
    asterisk: RunningAsterisk, tools: ProgramTree, fresh_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Routed]:
    folder = tmp_path_factory.mktemp("routings")
    async with smtp_sink() as sink:
        mail = f"mail: {{host: 127.0.0.1, port: {sink.port}, sender: ringpost@example.com}}"
        sounds = {"greeting": GREETING}
        async with (
            live_house(folder, asterisk, tools, fresh_database, sounds=sounds, scripts={}, ivrs=mail) as live,
            aiohttp.ClientSession() as session,
        ):
            client = Client(session, f"{live.house.url}/api/v1/rest.php", "acme@example.com", KEY)
            assert await client.status("orderDID", **ORDER, routing="sys:hangup") == "success"
            yield Routed(live, client, sink)


async def forwarding(routed: Routed, number: str, **values: str) -> str:
    made = await routed.client.call("setForwarding", phone_number=number, **values)
    return f"fwd:{made['forwarding']}"


async def test_digits_are_sent_to_who_answers_a_forwarded_call(routed: Routed) -> None:
    await routed.route(await forwarding(routed, SHOP, dtmf_digits="1,2#", pause="0.5"))
    call = await routed.live.phone.dial(f"1{NUMBER}", caller="12015580001")
    callee = await routed.live.line.next_call()
    assert callee.number.endswith(SHOP)
    await callee.answer()
    ear = Ear(callee)
    # Both hear each other only when the digits are sent.
    await call.play(tone(GREETING, 8.0))
    await ear.hear(GREETING)
    assert [key.key for key in callee.keys] == ["1", "2", "#"]
    await call.hang_up()
    assert (await callee.ended(LONGEST_WAIT)).by == "them"


async def test_a_busy_number_fails_over_to_a_mailbox_whose_message_is_mailed(routed: Routed) -> None:
    listed = (await routed.client.call("getRecordings"))["recordings"]
    (greeting,) = (each["value"] for each in listed if each["description"] == "greeting")
    mailbox = {"digits": "101", "name": "office", "password": "4711", "email": "ann@acme.example"}
    created = await routed.client.status("createVoicemail", **mailbox, unavailable_message_recording=greeting)
    assert created == "success"
    await routed.route(f"fwd:{SHOP}", failover_busy="vm:101")
    call = await routed.live.phone.dial(f"1{NUMBER}", caller="12015580002")
    callee = await routed.live.line.next_call()
    await callee.refuse(486)
    ear = Ear(call)
    await hear_out(ear, GREETING)
    await call.play(tone(1, 3.0))
    while call.now < ear.tones[-1].started + 4.0:
        await call.more_audio(1.0)
    await call.hang_up()
    (taken,) = await routed.sink.wait_for(1)
    assert taken.recipients == ("ann@acme.example",)
    (attachment,) = taken.message.iter_attachments()
    assert soundfile.info(io.BytesIO(attachment.get_content())).duration > 1.0
    (message,) = (await routed.client.call("getVoicemailMessages", mailbox="101"))["messages"]
    assert message["callerid"] == "2015580002"


async def test_filters_turn_callers_away_unanswered_and_the_time_leads_the_others(routed: Routed) -> None:
    week = {"starthour": "0", "startminute": "0", "endhour": "23", "endminute": "59"}
    days = {"weekdaystart": "mon", "weekdayend": "sun"}
    ways = {"routing_match": f"fwd:{MOBILE}", "routing_nomatch": "sys:busy"}
    made = await routed.client.call("setTimeCondition", name="always", **ways, **week, **days)
    filters = {"did": NUMBER, "routing": "sys:busy"}
    assert await routed.client.status("setCallerIDFiltering", callerid="201557XXXX", **filters) == "success"
    await routed.route(f"tc:{made['timecondition']}")
    with pytest.raises(CallRefused) as refused:
        await routed.live.phone.dial(f"1{NUMBER}", caller="12015570001")
    assert refused.value.status == 486
    call = await routed.live.phone.dial(f"1{NUMBER}", caller="12015580003")
    callee = await routed.live.line.next_call()
    assert callee.number.endswith(MOBILE)
    await callee.answer()
    await callee.hang_up()
    assert (await call.ended(LONGEST_WAIT)).by == "them"


async def test_all_of_a_group_ring_and_who_answers_has_the_call(routed: Routed) -> None:
    made = await routed.client.call("setRingGroup", name="sales", members=f"fwd:{SHOP};fwd:{MOBILE}")
    await routed.route(f"grp:{made['ring_group']}")
    call = await routed.live.phone.dial(f"1{NUMBER}", caller="12015580004")
    ringing = [await routed.live.line.next_call(), await routed.live.line.next_call()]
    assert {callee.number[-10:] for callee in ringing} == {SHOP, MOBILE}
    await ringing[1].answer()
    assert (await ringing[0].ended(LONGEST_WAIT)).by == "them"
    ear = Ear(call)
    await ringing[1].play(tone(GREETING, 8.0))
    await ear.hear(GREETING)
    await ringing[1].hang_up()
    assert (await call.ended(LONGEST_WAIT)).by == "them"


async def spoken_to(call: PhoneCall, after: float = 0.0) -> float:
    """Wait until something was said that began after a moment, and is over for a second; when that was."""
    while True:
        spans = [span for span in loud_spans(call.audio, gap=0.9) if span[0] > after]
        if spans and call.now - spans[-1][1] > 1.0:
            return call.now
        await call.more_audio(0.5)


async def connected(call: PhoneCall, callee: IncomingCall) -> None:
    """Who answered is heard by who called, and ends the call."""
    ear = Ear(call)
    await callee.play(tone(GREETING, 8.0))
    await ear.hear(GREETING)
    await callee.hang_up()
    assert (await call.ended(LONGEST_WAIT)).by == "them"


async def test_an_echo_is_what_the_caller_says(routed: Routed) -> None:
    await routed.route("sys:echo")
    call = await routed.live.phone.dial(f"1{NUMBER}", caller="12015580005")
    ear = Ear(call)
    await call.play(tone(GREETING, 8.0))
    await ear.hear(GREETING)
    await call.hang_up()


async def test_who_waits_in_a_queue_gets_the_member_who_was_busy_before(routed: Routed) -> None:
    queue = {"queue_name": "support", "queue_number": "1", "ring_strategy": "ringall", "retry_timer": "1"}
    number = (await routed.client.call("setQueue", **queue, maximum_wait_time="120"))["queue"]
    member = {"queue": number, "member_name": "shop", "account": f"fwd:{SHOP}"}
    assert await routed.client.status("setStaticMember", **member) == "success"
    await routed.route(f"queue:{number}")
    call = await routed.live.phone.dial(f"1{NUMBER}", caller="12015580006")
    await (await routed.live.line.next_call(30)).refuse(486)
    again = await routed.live.line.next_call(30)
    await again.answer()
    await connected(call, again)


async def test_who_knows_the_pin_dials_on(routed: Routed) -> None:
    made = await routed.client.call("setDISA", name="out", pin="4711", digit_timeout="5", callerid_override="")
    await routed.route(f"disa:{made['disa']}")
    call = await routed.live.phone.dial(f"1{NUMBER}", caller="12015580007")
    asked = await spoken_to(call)
    await call.press("4711#")
    await spoken_to(call, asked)
    await call.press(f"{SHOP}#")
    callee = await routed.live.line.next_call(30)
    assert callee.number.endswith(SHOP)
    await callee.answer()
    await connected(call, callee)


async def test_a_caller_is_turned_away_unanswered_and_called_back_to_dial_on(routed: Routed) -> None:
    times = {"delay_before": "0", "response_timeout": "20", "digit_timeout": "5"}
    made = await routed.client.call("setCallback", description="me", number=MOBILE, **times)
    await routed.route(f"cb:{made['callback']}")
    with pytest.raises(CallRefused):
        await routed.live.phone.dial(f"1{NUMBER}", caller="12015580008")
    back = await routed.live.line.next_call(60)
    assert back.number.endswith(MOBILE)
    await back.answer()
    await spoken_to(back)
    await back.press(f"{SHOP}#")
    callee = await routed.live.line.next_call(30)
    assert callee.number.endswith(SHOP)
    await callee.answer()
    await connected(back, callee)


async def recorded(routed: Routed, account: str) -> dict[str, Any]:
    """The first recorded call of an account, when it is there."""
    today = datetime.now(ZONE)
    days = {"date_from": f"{today - timedelta(days=1):%Y-%m-%d}", "date_to": f"{today + timedelta(days=1):%Y-%m-%d}"}
    found: list[dict[str, Any]] = []

    async def listed() -> bool:
        answer = await routed.client.call("getCallRecordings", account=account, **days)
        found[:] = answer.get("recordings", ())
        return bool(found)

    await until(listed)
    return await routed.client.call("getCallRecording", account=account, callrecording=found[0]["callrecording"])


async def test_a_call_to_a_number_that_asks_for_it_is_recorded_with_both_sides(routed: Routed) -> None:
    theirs, ours = 1, 2
    await routed.route(f"fwd:{SHOP}", record_calls="1")
    call = await routed.live.phone.dial(f"1{NUMBER}", caller="12015580009")
    callee = await routed.live.line.next_call()
    await callee.answer()
    caller_ear, callee_ear = Ear(call), Ear(callee)
    await call.play(tone(theirs, 2.0))
    await callee_ear.hear(theirs)
    while await call.more_audio(1.0) and call.now < 2.5:
        pass
    await callee.play(tone(ours, 2.0))
    await caller_ear.hear(ours)
    await callee.hang_up()
    assert (await call.ended(LONGEST_WAIT)).by == "them"
    answer = await recorded(routed, "acme")
    assert (answer["destination"], answer["type"], answer["subaccount"]) == (NUMBER, "Incoming", "acme")
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(answer["base64file"])), dtype="int16")
    assert rate == 8000
    assert [theirs, ours] == heard_codes(Audio(samples, 0.0))
    await routed.route("sys:hangup", record_calls="0")
