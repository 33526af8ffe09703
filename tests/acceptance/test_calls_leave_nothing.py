"""However a call ends, nothing of it stays in Asterisk: no bridge, no leg, no recording."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from controller.errors import SoftphoneError
from controller.programs import ProgramTree
from controller.softphone.phone_call import PhoneCall
from tests.support.asterisk import RunningAsterisk
from tests.support.live import LiveHouse, caller_of, live_house
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import tone

SCRIPTS = {"room": r"~\SetVar(ConfKey|Our-Room)~ ~\Conference()~"}
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
async def live(
    asterisk: RunningAsterisk, tools: ProgramTree, fresh_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveHouse]:
    folder = tmp_path_factory.mktemp("nothing-left")
    async with live_house(folder, asterisk, tools, fresh_database, sounds={}, scripts=SCRIPTS) as running:
        yield running


async def _placed(live: LiveHouse, script: str) -> tuple[int, PhoneCall]:
    """A call that lasts two seconds at most, answered."""
    number = f"1201559{next(_numbers):04d}"
    queue_id = await live.place(rf"~\QuickStart()~ {script}", number, max_call_seconds=2)
    call = await live.line.next_call()
    await call.answer()
    return queue_id, call


async def _nothing_is_left(asterisk: RunningAsterisk) -> None:
    """Neither a channel nor a bridge nor a stored recording; the last channel may take a moment to go."""
    async with asterisk.ari() as http, asyncio.timeout(LONGEST_WAIT):
        for what in ("channels", "bridges", "recordings/stored"):
            while True:
                async with http.get(f"{asterisk.ari_url}/ari/{what}") as answer:
                    if await answer.json() == []:
                        break
                await asyncio.sleep(0.1)


async def test_a_conference_that_the_longest_time_of_a_call_ends_is_started_anew_by_the_next_caller(
    live: LiveHouse, asterisk: RunningAsterisk
) -> None:
    queue_id, call = await _placed(live, SCRIPTS["room"])
    assert (await call.ended(LONGEST_WAIT)).by == "them"
    assert [post.code for post in await live.told(queue_id)][-2:] == [41, 1]
    await _nothing_is_left(asterisk)

    again = await live.dial("room")
    await live.acme.wait(lambda _: any(each.code in {41, 42} for each in live.acme.posted_for(caller_of(again))))
    await again.hang_up()
    assert [post.code for post in await live.posted(again)] == [29, 41, 30]
    await _nothing_is_left(asterisk)


async def test_a_conversation_that_the_longest_time_of_a_call_ends_is_over_for_the_other_party_too(
    live: LiveHouse, asterisk: RunningAsterisk
) -> None:
    queue_id, call = await _placed(live, r"~\TransferTo(12015550120)~")
    other = await live.line.next_call()
    await other.answer()
    assert (await other.ended(LONGEST_WAIT)).by == "them"
    await call.ended()
    assert (await live.told(queue_id))[-1].code == 24
    await _nothing_is_left(asterisk)


async def test_a_transfer_that_still_rings_at_the_longest_time_of_a_call_rings_no_longer(
    live: LiveHouse, asterisk: RunningAsterisk
) -> None:
    queue_id, call = await _placed(live, r"~\TransferTo(12015550120)~")
    other = await live.line.next_call()
    await other.ring()
    assert (await other.ended(LONGEST_WAIT)).status == 487
    await call.ended()
    assert (await live.told(queue_id))[-1].code == 26
    await _nothing_is_left(asterisk)


async def test_a_message_that_the_longest_time_of_a_call_ends_is_kept_with_its_length(
    live: LiveHouse, asterisk: RunningAsterisk
) -> None:
    queue_id, call = await _placed(live, r"~\ActOnFeature(false)~ ~\RecordAndSaveAs(cut-off|60|30)~")
    with suppress(SoftphoneError):  # the call ends while this is said
        await call.play(tone(1, 3.0))
    assert (await call.ended(LONGEST_WAIT)).by == "them"
    assert (await live.told(queue_id))[-1].form["lastrecordlength"] in {"1", "2", "3"}
    (row,) = await live.rows("SELECT recorded, seconds FROM sounds WHERE sound_id = 'cut-off'")
    assert row["recorded"]
    assert row["seconds"] > 0.5
    await _nothing_is_left(asterisk)


async def test_the_command_line_ends_a_call_and_a_conference(live: LiveHouse, asterisk: RunningAsterisk) -> None:
    config = ("--config", str(live.house.config))
    call = await live.dial("room")
    await live.acme.wait(lambda _: any(each.code == 41 for each in live.acme.posted_for(caller_of(call))))
    assert await live.house.command("conferences", "end", "acme", "our-room", *config) == (0, "ended\n")
    await call.ended()
    status, told = await live.house.command("conferences", "end", "acme", "our-room", *config)
    assert (status, "has no conference" in told) == (1, True)

    number = "12015596001"
    queue_id = await live.place(r"~\QuickStart()~ ~\PlaySilence(30)~", number)
    other = await live.line.next_call()
    await other.answer()
    assert await live.house.command("calls", "end", str(queue_id), *config) == (0, "ended\n")
    assert (await other.ended(LONGEST_WAIT)).by == "them"
    assert (await live.told(queue_id))[-1].final
    status, told = await live.house.command("calls", "end", str(queue_id), *config)
    assert (status, "over already" in told) == (1, True)
    await _nothing_is_left(asterisk)
