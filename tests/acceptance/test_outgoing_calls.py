"""Calls that the house places, by ear: who answers, what is heard, what is posted."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress

import numpy as np
import pytest

from controller.errors import SoftphoneError
from controller.programs import ProgramTree
from controller.softphone.answering import IncomingCall
from controller.softphone.call_audio import Samples, hum, talk
from controller.softphone.rtp import CLOCK_RATE
from tests.support.asterisk import RunningAsterisk
from tests.support.house import Posted
from tests.support.live import LiveHouse, hear_out, live_house
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import Ear, hear, heard_codes, silence

MESSAGE, MACHINE, RING, AGAIN, SORRY = range(5)
SOUNDS = {"message": MESSAGE, "machine": MACHINE, "ring": RING, "again": AGAIN, "sorry": SORRY}
OTHER_PARTY = "12015550130"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
async def live(
    asterisk: RunningAsterisk, tools: ProgramTree, fresh_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveHouse]:
    folder = tmp_path_factory.mktemp("outgoing")
    async with live_house(folder, asterisk, tools, fresh_database, sounds=SOUNDS, scripts={}) as running:
        yield running


def somebody() -> str:
    """A number that nobody has called before."""
    return f"1201559{next(_numbers):04d}"


HELLO = np.concatenate([silence(0.3), talk(0.5)])
GREETING = np.concatenate([silence(0.3), talk(3.5)])
FAX = np.concatenate([silence(0.3), hum(2.6, 2100)])
RINGING = np.concatenate([silence(0.3), hum(2.0, 440, 480)])


async def answering(live: LiveHouse, number: str) -> IncomingCall:
    """The call to this number, answered."""
    call = await live.line.next_call()
    assert call.number == f"+{number}"
    await call.ring()
    await call.answer()
    return call


async def say(call: IncomingCall, samples: Samples) -> None:
    """Say it, as far as the call lasts."""
    with suppress(SoftphoneError):
        await call.play(samples)


def codes(posted: list[Posted]) -> list[int]:
    return [each.code for each in posted]


def detected(trace: list[tuple[str, dict[str, str]]]) -> list[str]:
    return [fields["what"] for event, fields in trace if event == "detected"]


async def test_a_human_hears_the_message_after_the_greeting_and_each_change_is_posted(live: LiveHouse) -> None:
    number = somebody()
    queue_id = await live.place(
        "~^message~", number, caller_id="(201) 555-0101", caller_id_name="Acme", reference_id="order 7"
    )
    call = await answering(live, number)
    answered = call.now
    await call.play(HELLO)
    heard = await hear(call, MESSAGE)
    assert heard.started > answered + len(HELLO) / CLOCK_RATE + 0.9
    assert (await call.ended()).by == "them"

    assert call.caller.endswith("2015550101")
    assert "Acme" in call.invite.headers["from"]
    posted = await live.told(queue_id)
    assert codes(posted) == [12, 18, 21, 1]
    assert [each.final for each in posted] == [False, False, False, True]
    final = posted[-1].form
    assert (final["phonenumber"], final["callerid"]) == (number[1:], "2015550101")
    assert final["machinedetection"] == "HUMAN"
    assert "incoming" not in final
    assert posted[0].form["StartTime"] == final["StartTime"] != final["EndTime"]
    trace = await live.trace_of(queue_id)
    assert [event for event, _ in trace] == [
        "dialling", "ringing", "answered", "wait_silence", "detected", "sound", "end",
    ]  # fmt: skip


async def test_a_machine_gets_what_stands_at_the_label_amd_after_its_greeting(live: LiveHouse) -> None:
    number = somebody()
    queue_id = await live.place(r"~^message~ ~\EndCall()~ ~\Label(amd)~ ~\WaitForSilence(1)~ ~^machine~", number)
    call = await answering(live, number)
    answered = call.now
    await call.play(GREETING)
    heard = await hear(call, MACHINE)
    assert heard.started > answered + len(GREETING) / CLOCK_RATE + 0.9
    await call.ended()
    assert heard_codes(call.audio) == [MACHINE]
    assert (await live.told(queue_id))[-1].form["machinedetection"] == "MACHINE"


async def test_a_message_to_a_machine_starts_when_the_greeting_is_over(live: LiveHouse) -> None:
    number = somebody()
    queue_id = await live.place("~^message~", number)
    call = await answering(live, number)
    answered = call.now
    await call.play(GREETING)
    heard = await hear(call, MESSAGE)
    assert heard.started > answered + len(GREETING) / CLOCK_RATE + 0.9
    await call.ended()
    assert heard_codes(call.audio) == [MESSAGE]
    assert detected(await live.trace_of(queue_id)) == ["MACHINE"]


async def test_quick_start_speaks_at_the_answer_and_again_when_a_machine_is_recognised(live: LiveHouse) -> None:
    number = somebody()
    queue_id = await live.place(r"~\QuickStart()~ ~^message~ ~\PlaySilence(3)~ ~^again~", number)
    call = await answering(live, number)
    answered = call.now
    playing = asyncio.create_task(call.play(GREETING))
    first = await hear(call, MESSAGE)
    assert first.started < answered + 1.0
    await hear(call, MESSAGE, after=first.ended)
    await playing
    await call.ended(LONGEST_WAIT)
    assert heard_codes(call.audio) == [MESSAGE, MESSAGE, AGAIN]
    trace = await live.trace_of(queue_id)
    assert detected(trace) == ["MACHINE"]
    assert ("jump", {"label": "start"}) in trace


async def test_a_message_is_said_once_to_a_machine_if_the_script_says_so(live: LiveHouse) -> None:
    number = somebody()
    script = r"~\QuickStart()~ ~\ActOnFeature(false)~ ~^message~ ~\PlaySilence(3)~ ~^again~"
    queue_id = await live.place(script, number)
    call = await answering(live, number)
    await say(call, GREETING)
    await call.ended(LONGEST_WAIT)
    assert heard_codes(call.audio) == [MESSAGE, AGAIN]
    assert detected(await live.trace_of(queue_id)) == ["MACHINE"]


async def test_a_fax_is_recognised_by_its_tone(live: LiveHouse) -> None:
    number = somebody()
    queue_id = await live.place(r"~^message~ ~\EndCall()~ ~\Label(amd)~ ~^machine~", number)
    call = await answering(live, number)
    await say(call, FAX)
    await call.ended(LONGEST_WAIT)
    assert heard_codes(call.audio) == [MACHINE]
    assert (await live.told(queue_id))[-1].form["machinedetection"] == "FAX"


async def test_a_ringing_tone_after_the_answer_leads_to_the_label_ring_and_is_counted(live: LiveHouse) -> None:
    number = somebody()
    queue_id = await live.place(r"~^message~ ~\EndCall()~ ~\Label(ring)~ ~\WaitForSilence(2)~ ~^ring~", number)
    call = await answering(live, number)
    await call.play(np.concatenate([RINGING, silence(0.8), talk(0.5)]))
    await call.ended(LONGEST_WAIT)
    assert heard_codes(call.audio) == [RING]
    assert (await live.told(queue_id))[-1].form["incallringcount"] == "1"
    assert detected(await live.trace_of(queue_id)) == ["RING", "HUMAN"]


async def test_who_says_nothing_is_unknown_and_hears_the_message(live: LiveHouse) -> None:
    number = somebody()
    queue_id = await live.place(r"~^message~ ~\WaitForDTMF(6)~", number)
    call = await answering(live, number)
    await hear(call, MESSAGE)
    await call.ended(LONGEST_WAIT)
    assert (await live.told(queue_id))[-1].form["machinedetection"] == "UNKNOWN"


async def test_max_ring_time_ends_the_ringing_and_nobody_has_answered(live: LiveHouse) -> None:
    number = somebody()
    queue_id = await live.place(r"~^message~ ~\MaxRingTime(5)~", number)
    call = await live.line.next_call()
    await call.ring()
    rung = call.now
    assert (await call.ended(LONGEST_WAIT)).by == "them"
    assert call.now - rung > 4
    posted = await live.told(queue_id)
    assert codes(posted) == [12, 18, 2]
    assert (posted[-1].form["Duration"], posted[-1].form["machinedetection"]) == ("0", "")


@pytest.mark.parametrize(
    ("status", "code"),
    [(486, 8), (404, 43), (603, 38), (503, 34), (480, 2), (408, 37), (302, 38), (301, 44), (607, 38), (433, 4)],
)
async def test_why_a_call_was_not_answered_is_its_code(live: LiveHouse, status: int, code: int) -> None:
    queue_id = await live.place("~^message~", somebody())
    await (await live.line.next_call()).refuse(status)
    assert codes(await live.told(queue_id)) == [12, code]


async def test_who_is_busy_is_called_again_until_somebody_answers(live: LiveHouse) -> None:
    number = somebody()
    queue_id = await live.place(r"~\QuickStart()~ ~^message~", number, tries=3, next_try_seconds=1)
    for _ in range(2):
        await (await live.line.next_call()).refuse(486)
    call = await answering(live, number)
    await hear(call, MESSAGE)
    await call.ended()
    posted = await live.told(queue_id)
    assert codes(posted) == [12, 0, 12, 0, 12, 18, 21, 1]
    assert [each.final for each in posted] == [False] * 7 + [True]
    assert posted[0].form["StartTime"] != posted[-1].form["StartTime"]
    rows = await live.rows("SELECT tries, due_at FROM calls WHERE queue_id = $1", queue_id)
    assert [tuple(row) for row in rows] == [(3, None)]


async def test_the_last_try_that_fails_ends_the_call(live: LiveHouse) -> None:
    queue_id = await live.place("~^message~", somebody(), tries=2, next_try_seconds=1)
    for _ in range(2):
        await (await live.line.next_call()).refuse(486)
    posted = await live.told(queue_id)
    assert codes(posted) == [12, 0, 12, 8]
    with pytest.raises(SoftphoneError):
        await live.line.next_call(2)


async def test_who_presses_0_is_transferred_and_the_call_ends_as_transferred(live: LiveHouse) -> None:
    number = somebody()
    queue_id = await live.place(
        r"~\QuickStart()~ ~^message~ ~\WaitForDTMF(5)~", number, transfer_number=OTHER_PARTY, caller_id="2015550101"
    )
    call = await answering(live, number)
    await hear(call, MESSAGE)
    await call.press("0")
    other = await live.line.next_call()
    await other.ring()
    await other.answer()
    assert other.number == f"+{OTHER_PARTY}"
    assert other.caller.endswith("2015550101")
    ear = Ear(call)
    await asyncio.gather(other.play(talk(0.5)), call.more_audio())
    await other.hang_up()
    await call.ended()
    assert ear.tones
    posted = await live.told(queue_id)
    assert codes(posted) == [12, 18, 21, 24, 24]
    assert posted[-1].form["digitsdialed"] == "0"


async def test_a_transfer_that_fails_goes_on_in_the_script_and_ends_as_failed(live: LiveHouse) -> None:
    number = somebody()
    script = r"~\QuickStart()~ ~^message~ ~\WaitForDTMF(5)~ ~^sorry~"
    queue_id = await live.place(script, number, transfer_number=OTHER_PARTY)
    call = await answering(live, number)
    await hear(call, MESSAGE)
    await call.press("0")
    await (await live.line.next_call()).refuse(486)
    await hear(call, SORRY)
    await call.ended()
    assert codes(await live.told(queue_id)) == [12, 18, 21, 25]


async def test_who_hangs_up_while_the_transfer_rings_ends_the_call_so(live: LiveHouse) -> None:
    number = somebody()
    queue_id = await live.place(rf"~\QuickStart()~ ~\TransferTo({OTHER_PARTY})~", number)
    call = await answering(live, number)
    other = await live.line.next_call()
    await other.ring()
    await call.hang_up()
    assert (await other.ended()).status == 487
    assert codes(await live.told(queue_id)) == [12, 18, 21, 26]


async def test_1_repeats_the_message_from_its_start(live: LiveHouse) -> None:
    number = somebody()
    queue_id = await live.place(r"~\QuickStart()~ ~^message~ ~\WaitForDTMF(3)~", number)
    call = await answering(live, number)
    first = await hear_out(Ear(call), MESSAGE)
    await call.press("1")
    await hear(call, MESSAGE, after=first.ended)
    await call.hang_up()
    assert (await live.told(queue_id))[-1].form["digitsdialed"] == "1"


async def test_what_the_script_says_about_post_backs_counts_from_the_dialling_on(live: LiveHouse) -> None:
    number = somebody()
    script = r"~\SetVar(a|b)~ ~\StatusChangePostURL({server}/elsewhere)~ ~\QuickStart()~ ~^message~"
    queue_id = await live.place(script, number)
    await (await answering(live, number)).ended()
    assert {each.path for each in await live.told(queue_id)} == {"/elsewhere"}


async def test_a_call_that_waits_is_taken_back_and_one_that_is_over_is_not(live: LiveHouse) -> None:
    queue_id = await live.place("~^message~", somebody(), at="2099-01-01T00:00:00Z")
    assert (await live.house.admin(f"/admin/calls/{queue_id}/cancel"))[0] == 200
    assert codes(await live.told(queue_id)) == [22]
    assert (await live.house.admin(f"/admin/calls/{queue_id}/cancel"))[0] == 409


async def test_a_call_lasts_no_longer_than_was_asked_for(live: LiveHouse) -> None:
    number = somebody()
    queue_id = await live.place(r"~\QuickStart()~ ~\PlaySilence(30)~", number, max_call_seconds=2)
    call = await answering(live, number)
    assert (await call.ended(LONGEST_WAIT)).by == "them"
    posted = await live.told(queue_id)
    assert posted[-1].code == 1
    assert 2 <= int(posted[-1].form["Duration"]) < 10


async def test_a_number_is_withheld_when_none_is_to_be_shown(live: LiveHouse) -> None:
    number = somebody()
    await live.place(r"~\QuickStart()~ ~^message~", number)
    call = await answering(live, number)
    with suppress(SoftphoneError):
        await call.hang_up()
    assert call.caller.lower() == "anonymous"


async def test_the_command_line_places_a_call_shows_it_and_takes_one_back(live: LiveHouse) -> None:
    config = ("--config", str(live.house.config))
    number = somebody()
    placing = asyncio.create_task(live.house.command("call", number, "--say", r"~\QuickStart()~ ~^message~", *config))
    await (await answering(live, number)).ended()
    status, told = await placing
    assert status == 0, told
    assert [word for word in ("queued", "dialling", "ringing", "answered", "sound", "end") if word not in told] == []
    status, told = await live.house.command("call", number, "--say", r"~\Nothing()~", *config)
    assert (status, "the text:1:1: error: There is no command Nothing" in told) == (1, True)
    status, told = await live.house.command("call", "19005550199", "--say", "Hello", *config)
    assert (status, "response code 28" in told) == (1, True)
    status, told = await live.house.command("call", number, "--say", "Hello", "--at", "2h", "--no-follow", *config)
    queue_id = told.split()[-1]
    assert (status, queue_id.isdecimal()) == (0, True)
    assert await live.house.command("calls", "cancel", queue_id, *config) == (0, "cancelled\n")
    assert codes(await live.told(int(queue_id))) == [22]
    status, told = await live.house.command("calls", "cancel", queue_id, *config)
    assert (status, "does not wait" in told) == (1, True)
