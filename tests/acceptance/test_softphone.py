"""The softphone against a real Asterisk: what it does must be what Asterisk sees, and the other way round."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator

import numpy as np
import pytest

from controller.errors import CallRefused, SoftphoneError
from controller.programs import ProgramTree
from controller.softphone.answering import Manners
from controller.softphone.load_generator import place_many
from controller.softphone.phone import Softphone
from controller.softphone.phone_call import CallEvent, Ending, PhoneCall
from controller.softphone.registration import Account
from tests.support.exchange import PASSWORD, PHONE, TRUNK_ADDRESS, Exchange, exchange
from tests.support.patience import LONGEST_WAIT
from tests.support.ports import free_port
from tests.support.tones import Ear, hear, heard_codes, tone

PHONE_ADDRESS = "127.0.0.3"

DIALPLAN = """
exten => echo,1,Answer()
 same => n,Echo()
exten => repeat,1,Answer()
 same => n,Read(KEYS,,5,,1,10)
 same => n,SendDTMF(${KEYS},100,100)
 same => n,Wait(0.2)
 same => n,Hangup(21)
exten => menu,1,Answer()
 same => n,Read(KEY,tone-1,1,,1,10)
 same => n,Playback(tone-${KEY})
 same => n,Hangup(16)
exten => brief,1,Answer()
 same => n,Hangup()
exten => ringing,1,Ringing()
 same => n,Wait(30)
exten => silent,1,Wait(30)
exten => busy,1,Busy()
exten => full,1,Hangup(34)
exten => inband,1,Answer()
 same => n,Playtones(!941+1336/100,!0/100,!697+1633/100,!0/300)
 same => n,Wait(0.8)
 same => n,Hangup()
exten => alice,1,Dial(PJSIP/alice,10)
exten => _out-.,1,Dial(PJSIP/${EXTEN}@trunk,10)
 same => n,Hangup(${HANGUPCAUSE})
"""

OPTIONS = """OPTIONS sip:trunk@127.0.0.2 SIP/2.0\r
Via: SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK-options\r
From: <sip:server@{host}>;tag=1\r
To: <sip:trunk@127.0.0.2>\r
Call-ID: options@{host}\r
CSeq: 1 OPTIONS\r
Contact: <sip:server@{host}:{port}>\r
Max-Forwards: 70\r
Content-Length: 0\r
\r
"""


@pytest.fixture(scope="module")
async def bare(tools: ProgramTree) -> AsyncIterator[Exchange]:
    async with exchange(tools, DIALPLAN) as running:
        yield running


@pytest.fixture(scope="module")
def sipp(tools: ProgramTree) -> list[str]:
    return tools.command("sipp")


@pytest.fixture(scope="module")
async def phone(sipp: list[str], bare: Exchange) -> AsyncIterator[Softphone]:
    """The far side of the trunk."""
    async with Softphone(sipp, server=bare.server, local_host=TRUNK_ADDRESS) as ready:
        yield ready


async def test_what_is_spoken_into_a_call_comes_back_from_an_echo(phone: Softphone) -> None:
    call = await phone.dial("echo")
    await call.play(np.concatenate([tone(code, 0.4) for code in (20, 30, 20)]))
    await hear(call, 20, after=0.8)

    assert heard_codes(call.audio) == [20, 30, 20]
    assert await call.hang_up() == Ending("us", 200, "", None, call.messages[-1])


async def test_keys_arrive_in_order_and_the_far_sides_keys_and_hang_up_are_heard(phone: Softphone) -> None:
    seen: list[CallEvent] = []
    call = await phone.dial("repeat", on_event=seen.append)
    await call.press("15")
    await call.press("9*D", tone_ms=60, gap_ms=60)
    ending = await call.ended()

    assert [key.key for key in call.keys] == list("159*D")
    assert (ending.by, ending.cause) == ("them", 21)
    assert seen == call.events
    assert [event.kind for event in seen if event.kind != "progress"] == [
        *["calling", "answered", "pressed", "pressed"],
        *["key"] * 5,
        "ended",
    ]
    assert [event.at for event in seen] == sorted(event.at for event in seen)


async def test_a_key_during_a_prompt_interrupts_it_and_the_next_prompt_is_heard(phone: Softphone) -> None:
    call = await phone.dial("menu")
    ear = Ear(call)
    await ear.hear(1)
    await call.press("7")
    await ear.hear(7)
    await call.ended()

    first, second = ear.tones
    assert (first.code, second.code) == (1, 7)
    assert first.seconds < 0.45 < second.seconds


async def test_keys_as_tones_are_heard(phone: Softphone) -> None:
    call = await phone.dial("inband")
    await call.ended()

    assert [key.key for key in call.key_tones] == ["0", "A"]


@pytest.mark.parametrize(("number", "status"), [("nobody", 404), ("busy", 486), ("full", 503)])
async def test_a_refusal_has_its_sip_status(phone: Softphone, number: str, status: int) -> None:
    with pytest.raises(CallRefused) as refusal:
        await phone.dial(number)

    assert refusal.value.status == status


async def test_a_call_that_only_rings_can_be_given_up(phone: Softphone) -> None:
    call = await phone.dial("ringing", until="ringing")
    ending = await call.hang_up()

    assert (ending.by, ending.status) == ("us", 180)
    with pytest.raises(SoftphoneError, match="answered"):
        await call.press("1")


async def test_a_call_that_nobody_answers_ends_with_the_time_out(phone: Softphone) -> None:
    with pytest.raises(SoftphoneError, match=r"not answered within 0\.3 s"):
        await phone.dial("silent", timeout=0.3)


async def test_a_far_side_that_hangs_up_at_once_is_no_error(phone: Softphone) -> None:
    call = await phone.dial("brief")

    assert (await call.ended()).by == "them"


async def test_hanging_up_at_any_moment_around_the_answer_ends_the_call(phone: Softphone) -> None:
    async def brief(moment: float) -> str:
        call = await phone.dial("echo", until="sent")
        with pytest.raises(SoftphoneError):
            await call.ended(moment)
        ending = await call.hang_up()
        return f"{ending.by} {ending.phrase}"

    ends = await asyncio.gather(*(brief(number * 0.0005) for number in range(40)))

    assert Counter(ends) == {"us ": 40}


async def test_a_number_that_cannot_stand_in_an_address_is_not_dialled(phone: Softphone) -> None:
    with pytest.raises(SoftphoneError, match="cannot be dialled"):
        await phone.dial("1 2\r\nDo: register")


async def test_a_call_comes_to_an_answering_line_and_both_sides_hear_each_other(
    phone: Softphone, bare: Exchange
) -> None:
    async with phone.answering(Manners(ring_after=0.05, answer_after=0.15), port=bare.trunk[1]) as line:
        ours = await phone.dial("out-200", caller="12015550123")
        theirs = await line.next_call()
        await theirs.answered()
        await asyncio.gather(ours.press("42"), theirs.play(tone(11, 0.5)))
        await hear(ours, 11)
        ending = await theirs.hang_up()

        assert (theirs.number, theirs.caller) == ("out-200", "12015550123")
        assert [key.key for key in theirs.keys] == ["4", "2"]
        assert ending.by == "us"
        assert (await ours.ended()).by == "them"
        rung, answered = ours.at("ringing"), ours.at("answered")
        assert rung is not None
        assert answered is not None
        assert answered - rung > 0.05


@pytest.mark.parametrize("status", [404, 480, 486, 503, 603])
async def test_an_answering_line_refuses(phone: Softphone, bare: Exchange, status: int) -> None:
    async with phone.answering(Manners(answer_after=0.02, refuse=status), port=bare.trunk[1]) as line:
        with pytest.raises(CallRefused):
            await phone.dial("out-201")

        ending = await (await line.next_call()).ended()
        assert (ending.by, ending.status) == ("us", status)


async def test_a_caller_who_gives_up_ends_the_ringing(phone: Softphone, bare: Exchange) -> None:
    async with phone.answering(Manners(answer_after=None), port=bare.trunk[1]) as line:
        call = await phone.dial("out-202", until="ringing")
        await call.hang_up()
        ending = await (await line.next_call()).ended()

        assert (ending.by, ending.status) == ("them", 487)


async def test_a_server_that_asks_whether_the_line_is_there_is_answered(phone: Softphone, bare: Exchange) -> None:
    async with phone.answering(Manners(), port=bare.trunk[1]) as line:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.bind(("127.0.0.1", 0))
            asking.setblocking(False)
            host, port = asking.getsockname()
            await asyncio.get_running_loop().sock_sendto(
                asking, OPTIONS.format(host=host, port=port).encode(), line.address
            )
            async with asyncio.timeout(LONGEST_WAIT):
                answer = await asyncio.get_running_loop().sock_recv(asking, 4096)
        call = await phone.dial("out-204")
        await call.hang_up()

    assert answer.startswith(b"SIP/2.0 200")
    assert len(line.calls) == 1


async def test_a_phone_registers_calls_with_its_password_and_is_called(
    sipp: list[str], phone: Softphone, bare: Exchange
) -> None:
    account = Account(PHONE, PASSWORD)
    async with Softphone(sipp, server=bare.server, local_host=PHONE_ADDRESS, account=account) as alice:
        own = await alice.dial("echo", caller=PHONE)
        assert (await own.hang_up()).by == "us"

        async with alice.answering(register=True) as line:
            dialling = asyncio.create_task(phone.dial("alice", caller="12015550124"))
            call = await line.next_call()
            await call.ring()
            await call.answer()
            ours = await dialling
            await ours.press("8")
            await call.hang_up()
            await ours.ended()

        assert call.caller == "12015550124"
        assert [key.key for key in call.keys] == ["8"]
        with pytest.raises(CallRefused):
            await phone.dial("alice")


async def test_a_wrong_password_is_refused(sipp: list[str], bare: Exchange) -> None:
    account = Account(PHONE, "wrong")
    async with Softphone(sipp, server=bare.server, local_host=PHONE_ADDRESS, account=account) as alice:
        with pytest.raises(CallRefused) as registration:
            await alice.register((PHONE_ADDRESS, free_port("udp", host=PHONE_ADDRESS)))
        with pytest.raises(CallRefused) as call:
            await alice.dial("echo", caller=PHONE)

    assert (registration.value.status, call.value.status) == (401, 401)


async def test_a_hundred_calls_at_twenty_a_second_each_press_their_own_key(phone: Softphone) -> None:
    async def choose(call: PhoneCall, index: int) -> list[int]:
        ear = Ear(call)
        await ear.hear(1)
        await call.press(str(index % 8 + 2))
        await call.ended(LONGEST_WAIT)
        return [heard.code for heard in ear.tones]

    placed = await place_many(phone, 100, rate=20, number="menu", script=choose)

    assert [one.error for one in placed if one.error] == []
    assert [one.result for one in placed] == [[1, index % 8 + 2] for index in range(100)]


async def test_media_that_the_server_moves_away_is_followed(tools: ProgramTree, sipp: list[str]) -> None:
    async with (
        exchange(tools, DIALPLAN, direct_media=True) as direct,
        Softphone(sipp, server=direct.server, local_host=TRUNK_ADDRESS) as phone,
        phone.answering(Manners(), port=direct.trunk[1]) as line,
    ):
        ours = await phone.dial("out-203")
        theirs = await line.next_call()
        await theirs.answered()
        await ours.play(np.concatenate([tone(code, 0.3) for code in range(30, 36)]))
        await hear(theirs, 35)

        assert ours.at("media") is not None
        assert theirs.at("media") is not None
        await ours.hang_up()
        await theirs.ended()


async def test_a_server_that_is_not_there_is_named(sipp: list[str]) -> None:
    port = free_port("udp")
    async with Softphone(sipp, server=("127.0.0.1", port), local_host=TRUNK_ADDRESS) as phone:
        with pytest.raises(SoftphoneError, match=f"nothing answers at 127.0.0.1:{port}"):
            await phone.dial("echo", timeout=0.2)


async def test_a_sipp_that_does_not_start_says_why(sipp: list[str], bare: Exchange) -> None:
    with pytest.raises(SoftphoneError, match="cannot be started"):
        await Softphone(["/nowhere/sipp"], server=bare.server).__aenter__()
    with pytest.raises(SoftphoneError, match="-no-such-option"):
        await Softphone([*sipp, "-no-such-option"], server=bare.server).__aenter__()


async def test_closing_the_phone_hangs_up_and_leaves_no_process(sipp: list[str], bare: Exchange) -> None:
    async with Softphone(sipp, server=bare.server, local_host=TRUNK_ADDRESS) as phone:
        call = await phone.dial("echo")
        pid = phone.pid

    assert call.ending is not None
    assert call.ending.by == "us"
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
