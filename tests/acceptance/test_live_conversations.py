"""Calls that others take part in, by ear: transfers, phones, conferences, and the echo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from controller.errors import SoftphoneError
from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from controller.softphone.phone_call import PhoneCall
from controller.softphone.registration import Account
from tests.support.asterisk import PHONE_PASSWORD, RunningAsterisk
from tests.support.live import LiveHouse, caller_of, live_house, loud_seconds, strength
from tests.support.patience import LONGEST_WAIT, until
from tests.support.tones import Ear, hear, heard_codes, tone

SORRY, OVER = range(2)
CALLERS, OTHERS, THIRDS = 20, 30, 40
SOUNDS = {"sorry": SORRY, "over": OVER}
PHONE_ADDRESS = "127.0.0.3"

SCRIPTS = {
    "transfer": r"~\TransferTo(12015550120)~ ~^sorry~",
    "transfer-shown-as": r"~\TransferTo(12015550120|12015550177|Ann)~ ~^sorry~",
    "transfer-short": r"~\TransferTo(12015550120|||5)~ ~^sorry~",
    "transfer-refused": r"~\SetVar(whom|19005550199)~ ~\TransferTo([whom])~ ~^sorry~",
    "alice": r"~\TransferTo(12015550110)~ ~^sorry~",
    "open": r"~\Conference()~ ~^over~",
    "room": r"~\SetVar(ConfKey|Our-Room)~ ~\Conference()~ ~^over~",
    # Numbers are given in this order: the next is 12015551007.
    "inside": r"~\TransferTo(12015551008)~ ~^sorry~",
    "target": "~^over~",
    "endless": r"~\TransferTo(12015551009)~ ~^sorry~",
    "waits": r"~\WaitForDTMF(60)~ ~^sorry~",
    "says": "This text is long enough to be left in the middle of it. " * 10 + "~^sorry~",
}
IVRS = """
ivrs:
  ways:
    recording: over
    timeout: 3
    choices:
      "1": "sip:alice"
      "2": "sys:busy"
      "3": "sys:noservice"
      "4": "sys:disconnected"
      "5": "sys:echo"
      "6": "sys:hangup"
"""


@pytest.fixture(scope="module")
async def live(
    asterisk: RunningAsterisk, tools: ProgramTree, fresh_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveHouse]:
    folder = tmp_path_factory.mktemp("conversations")
    async with live_house(
        folder, asterisk, tools, fresh_database, sounds=SOUNDS, scripts=SCRIPTS, ivrs=IVRS, menus=("ways",)
    ) as running:
        yield running


@pytest.fixture
async def alice(asterisk: RunningAsterisk, tools: ProgramTree) -> AsyncIterator[Softphone]:
    """Our own phone, with its password."""
    server = ("127.0.0.1", asterisk.sip_port)
    account = Account("alice", PHONE_PASSWORD)
    async with Softphone(tools.command("sipp"), server=server, local_host=PHONE_ADDRESS, account=account) as phone:
        yield phone


async def _hear_each_other(one: PhoneCall, other: PhoneCall, code: int = CALLERS, other_code: int = OTHERS) -> None:
    await asyncio.gather(one.play(tone(code, 0.4)), other.play(tone(other_code, 0.4)))
    await asyncio.gather(hear(one, other_code), hear(other, code))


async def test_a_transfer_rings_is_answered_and_both_hear_each_other(live: LiveHouse) -> None:
    call = await live.dial("transfer")
    other = await live.line.next_call()
    await other.ring()
    await _ringing_is_heard(call)
    await other.answer()
    answered = call.now
    await _hear_each_other(call, other)
    await call.press("7")
    await asyncio.wait_for(_key(other), LONGEST_WAIT)
    await other.hang_up()

    assert (await call.ended()).by == "them"
    assert other.caller.endswith(caller_of(call))
    assert SORRY not in heard_codes(call.audio)
    assert strength(call.audio.since(answered + 0.3), 440.0) < 0.05
    final = await live.final(call)
    assert (final["ResponseCode"], final["digitsdialed"]) == ("31", "7")
    assert [event for event, _ in await live.trace(call)] == ["answered", "transfer", "digit", "end"]


async def test_a_transfer_to_a_number_of_ours_is_connected_inside(live: LiveHouse) -> None:
    call = await live.dial("inside")
    await hear(call, OVER)
    assert (await call.ended()).by == "them"
    assert SORRY not in heard_codes(call.audio)
    query = "SELECT their_number, response_code FROM calls WHERE our_number = '+12015551008' AND ended_at IS NOT NULL"
    async with asyncio.timeout(LONGEST_WAIT):
        while not (rows := await live.rows(query)):
            await asyncio.sleep(0.05)
    assert [tuple(row) for row in rows] == [(f"+1{caller_of(call)}", 30)]


async def test_a_number_that_is_transferred_to_itself_is_cut_after_three_links(live: LiveHouse) -> None:
    call = await live.dial("endless")
    await hear(call, SORRY)
    await call.ended()
    rows = await live.rows("SELECT queue_id FROM calls WHERE our_number = '+12015551009'")
    assert len(rows) == 4


async def _transferred_by_operator(live: LiveHouse, call: PhoneCall, to: str) -> tuple[int, str]:
    """`ringpost calls transfer`, once the call is stored."""
    query = "SELECT queue_id FROM calls WHERE their_number = $1 AND answered_at IS NOT NULL"

    async def stored() -> bool:
        return bool(await live.rows(query, f"+1{caller_of(call)}"))

    await until(stored)
    (row,) = await live.rows(query, f"+1{caller_of(call)}")
    return await live.house.command("calls", "transfer", str(row["queue_id"]), to, "--config", str(live.house.config))


@pytest.mark.parametrize("script", ["waits", "says"])
async def test_an_operator_transfers_a_call_and_both_hear_each_other(live: LiveHouse, script: str) -> None:
    call = await live.dial(script)
    status, told = await _transferred_by_operator(live, call, "12015550120")
    assert status == 0, told
    other = await live.line.next_call()
    await other.answer()
    await _hear_each_other(call, other)
    await other.hang_up()
    assert (await call.ended()).by == "them"
    assert SORRY not in heard_codes(call.audio)
    assert (await live.final(call))["ResponseCode"] == "31"


async def test_a_call_that_an_operator_transfers_to_somebody_busy_goes_on_where_it_was(live: LiveHouse) -> None:
    call = await live.dial("waits")
    status, told = await _transferred_by_operator(live, call, "12015550120")
    assert status == 0, told
    await (await live.line.next_call()).refuse(486)

    async def has_failed() -> bool:
        query = "SELECT 1 FROM call_trace JOIN calls USING (queue_id) WHERE their_number = $1 AND event = 'transfer'"
        return bool(await live.rows(query, f"+1{caller_of(call)}"))

    await until(has_failed)
    await call.press("7")
    await hear(call, SORRY)
    assert (await live.final(call))["digitsdialed"] == "7"


async def test_an_operator_does_not_transfer_where_the_key_may_not_call(live: LiveHouse) -> None:
    call = await live.dial("waits")
    status, told = await _transferred_by_operator(live, call, "19005550199")
    assert status != 0
    assert "Traceback" not in told
    await call.press("7")
    await hear(call, SORRY)


async def test_the_other_party_sees_the_caller_that_the_script_names(live: LiveHouse) -> None:
    call = await live.dial("transfer-shown-as")
    other = await live.line.next_call()
    await other.answer()
    await other.hang_up()
    await call.ended()

    assert other.caller.endswith("2015550177")
    assert "Ann" in other.invite.headers["from"]
    assert (await live.final(call))["transfercallerid"].endswith("2015550177")


@pytest.mark.parametrize(
    ("status", "result"),
    [(486, "busy"), (480, "noanswer"), (603, "refused"), (404, "failed"), (503, "failed")],
)
async def test_who_does_not_take_a_transfer_leads_back_to_the_script(live: LiveHouse, status: int, result: str) -> None:
    call = await live.dial("transfer")
    other = await live.line.next_call()
    await other.refuse(status)
    await call.ended()

    assert heard_codes(call.audio)[-1:] == [SORRY]
    assert (await live.final(call))["ResponseCode"] == "30"
    (told,) = [fields for event, fields in await live.trace(call) if event == "transfer"]
    assert told == {"number": "+12015550120", "result": result}


async def test_a_transfer_that_nobody_answers_rings_as_long_as_it_says(live: LiveHouse) -> None:
    call = await live.dial("transfer-short")
    other = await live.line.next_call()
    await other.ring()
    rung = call.now
    assert (await other.ended(LONGEST_WAIT)).by == "them"
    assert call.now - rung > 4
    await hear(call, SORRY)
    await call.ended()
    (told,) = [fields for event, fields in await live.trace(call) if event == "transfer"]
    assert told["result"] == "noanswer"


async def test_a_premium_number_is_not_called(live: LiveHouse) -> None:
    call = await live.dial("transfer-refused")
    await call.ended()
    assert heard_codes(call.audio) == [SORRY]
    assert any(fields.get("result") == "refused" for _, fields in await live.trace(call))


async def test_who_hangs_up_while_it_rings_ends_the_ringing(live: LiveHouse) -> None:
    call = await live.dial("transfer")
    other = await live.line.next_call()
    await other.ring()
    await _ringing_is_heard(call)
    await call.hang_up()

    assert (await other.ended()).status == 487
    assert (await live.final(call))["ResponseCode"] == "26"


async def test_who_hangs_up_in_the_conversation_ends_it_for_both(live: LiveHouse) -> None:
    call = await live.dial("transfer")
    other = await live.line.next_call()
    await other.answer()
    await _hear_each_other(call, other)
    await call.hang_up()

    assert (await other.ended()).by == "them"
    assert (await live.final(call))["ResponseCode"] == "31"
    assert [event for event, _ in await live.trace(call)][-2:] == ["transfer", "end"]


async def test_a_phone_of_ours_is_called_by_its_number_and_by_its_name(live: LiveHouse, alice: Softphone) -> None:
    async with alice.answering(register=True) as line:
        by_number = await live.dial("alice")
        other = await line.next_call()
        await other.ring()
        await other.answer()
        await _hear_each_other(by_number, other)
        await other.hang_up()
        await by_number.ended()

        by_name = await live.dial("ways")
        await hear(by_name, OVER)
        await by_name.press("1")
        other = await line.next_call()
        await other.answer()
        await _hear_each_other(by_name, other)
        await by_name.hang_up()
        await other.ended()

    assert (await live.final(by_number))["ResponseCode"] == "31"
    gone = await live.dial("alice")
    await gone.ended()
    assert heard_codes(gone.audio) == [SORRY]


async def test_two_and_three_calls_hear_each_other_in_a_conference(live: LiveHouse) -> None:
    first = await live.dial("room")
    second = await live.dial("room")
    await _joined(live, second)
    await _hear_each_other(first, second)
    third = await live.dial("room")
    await _joined(live, third)
    # A room of two becomes one of many while the third comes in: some of what is said meanwhile is lost.
    await third.play(tone(THIRDS, 3.0))
    await asyncio.gather(hear(first, THIRDS), hear(second, THIRDS))
    for call in (third, first, second):
        await call.hang_up()

    started, joined = await live.posted(first), await live.posted(second)
    assert [(each.code, each.final) for each in started] == [(29, False), (41, False), (30, True)]
    assert [(each.code, each.final) for each in joined] == [(29, False), (42, False), (30, True)]
    assert started[1].form["confkey"] == joined[1].form["confkey"] == "Our-Room"


async def test_a_conference_without_a_key_posts_the_key_that_it_made(live: LiveHouse) -> None:
    call = await live.dial("open")
    await _joined(live, call)
    await call.hang_up()
    _, started, final = await live.posted(call)
    assert (started.code, started.final) == (41, False)
    assert started.form["confkey"] == final.form["confkey"]
    assert len(started.form["confkey"]) == 36


async def test_who_is_alone_in_a_conference_hears_a_quiet_line_that_lives(live: LiveHouse) -> None:
    call = await live.dial("room")
    await _joined(live, call)
    joined = call.audio.ended
    while call.audio.ended < joined + 1.0:
        assert await call.more_audio(LONGEST_WAIT)
    assert loud_seconds(call.audio.since(joined)) == 0
    second = await live.dial("room")
    await _joined(live, second)
    await _hear_each_other(call, second)
    await second.hang_up()
    left = call.audio.ended
    while call.audio.ended < left + 1.0:
        assert await call.more_audio(LONGEST_WAIT)
    await call.hang_up()


async def test_an_echo_gives_back_what_is_said_and_ends_with_the_call(live: LiveHouse) -> None:
    call = await live.dial("ways")
    ear = Ear(call)
    await ear.hear(OVER)
    await call.press("5")
    while not any(heard.code == CALLERS for heard in ear.tones):  # the echo begins when the call has got there
        await call.play(tone(CALLERS, 0.4))
    await call.press("#")
    for _ in range(2):
        await call.play(tone(OTHERS, 0.4))
    await ear.hear(OTHERS)
    await call.hang_up()
    final = await live.final(call)
    assert (final["ResponseCode"], final["digitsdialed"]) == ("30", "5#")
    assert (await live.trace(call))[-1] == ("end", {"reason": "hung-up"})


@pytest.mark.parametrize(("choice", "cause"), [("2", 17), ("3", 1), ("4", 1), ("6", 16)])
async def test_a_call_ends_with_the_cause_of_where_it_was_led(live: LiveHouse, choice: str, cause: int) -> None:
    call = await live.dial("ways")
    await hear(call, OVER)
    with suppress(SoftphoneError):  # the call may end before the key is let go
        await call.press(choice)
    ending = await call.ended(LONGEST_WAIT)
    assert (ending.by, ending.cause) == ("them", cause)


async def _key(call: PhoneCall) -> None:
    while not call.keys:
        await call.more_audio(1)


async def _ringing_is_heard(call: PhoneCall) -> None:
    """The ringing tone of North America: 440 and 480 Hz."""
    async with asyncio.timeout(LONGEST_WAIT):
        while min(strength(call.audio.since(call.audio.ended - 0.4), pitch) for pitch in (440.0, 480.0)) < 0.3:
            await call.more_audio(1)


async def _joined(live: LiveHouse, call: PhoneCall) -> None:
    """The post-back has come that says that the call is in its room."""
    await live.acme.wait(lambda _: any(each.code in {41, 42} for each in live.acme.posted_for(caller_of(call))))
