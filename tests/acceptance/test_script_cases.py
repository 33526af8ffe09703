"""The table of cases on real calls: what the simulator says that happens, happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from controller.embedded.debian import Tools
from controller.errors import SoftphoneError
from controller.script.transcript import EVENTS, Line
from controller.softphone.answering import AnsweringLine, IncomingCall
from controller.softphone.phone import Softphone
from tests.support.asterisk import TRUNK_ADDRESS, RunningAsterisk
from tests.support.house import KEY, Customer, customer, running_house
from tests.support.script_cases import ALICE, CASES, IVR_SCRIPTS, IVRS, PAGES, ScriptCase, misfit
from tests.support.tones import write_tone

INCOMING = [case for case in CASES if not case.outgoing and not case.needs_phone]
AT_ONCE = 8
LONGEST_CALL_SECONDS = 40.0
TALK_SECONDS = 0.5
# The simulator's sounds last two seconds; so do these.
CHIME_SECONDS = 2.0


def number_of(index: int) -> str:
    return f"1201556{index:04d}"


def caller_of(index: int) -> str:
    return f"1201557{index:04d}"


def yaml_of(folder: Path, server: str) -> str:
    """A number for each case, with its script or IVR; the files that they need are written."""
    (folder / "sounds").mkdir()
    write_tone(folder / "sounds" / "chime.wav", 1, CHIME_SECONDS)
    for name, script in IVR_SCRIPTS.items():
        (folder / name).write_text(script)
    dids = ['  "+12015550101": {sms: acme}']
    for index, case in enumerate(INCOMING):
        leads_to = f"ivr: {case.ivr}"
        if case.script:
            (folder / f"case{index}.txt").write_text(case.script.replace("{server}", server))
            leads_to = f"script: case{index}.txt"
        dids.append(f'  "+{number_of(index)}": {{voice: acme, {leads_to}}}')
    keys = f"  acme: {{key: {KEY}, products: [phone, sms], status_post_url: '{server}/calls', sounds: sounds}}"
    phones = f'  {ALICE}: {{number: "+12015550110", password: unused-here}}'
    return "\n".join(
        ["license_keys:", keys, "dids:", *dids, "phones:", phones, "trunks:", "  carrier: {host: 127.0.0.2}", IVRS]
    )


@pytest.fixture(scope="module")
async def acme() -> AsyncIterator[Customer]:
    async with customer() as known:
        known.pages.update(PAGES)
        yield known


@pytest.fixture(scope="module")
async def traces(
    asterisk: RunningAsterisk,
    tools: Tools,
    fresh_database: str,
    acme: Customer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, list[Line]]:
    """What happened in each case, by its name, from the traces of the calls."""
    folder = tmp_path_factory.mktemp("cases")
    server = ("127.0.0.1", asterisk.sip_port)
    async with (
        running_house(folder, asterisk, fresh_database, tools.root, yaml_of(folder, acme.url)),
        Softphone(tools.command("sipp"), server=server, local_host=TRUNK_ADDRESS) as phone,
        phone.answering(port=asterisk.configuration.trunks[0].port) as line,
    ):
        party = asyncio.create_task(_be_the_other_party(line))
        slots = asyncio.Semaphore(AT_ONCE)
        try:
            await asyncio.gather(*(_call(phone, index, case, slots) for index, case in enumerate(INCOMING)))
            await acme.finals(len(INCOMING), timeout=30)
        finally:
            party.cancel()
            await asyncio.gather(party, return_exceptions=True)
    connection = await asyncpg.connect(fresh_database)
    try:
        rows = await connection.fetch(
            "SELECT caller, event, fields FROM call_trace JOIN calls USING (queue_id) ORDER BY queue_id, number"
        )
    finally:
        await connection.close()
    names = {f"+{caller_of(index)}": case.name for index, case in enumerate(INCOMING)}
    found: dict[str, list[Line]] = {name: [] for name in names.values()}
    for row in rows:
        if row["event"] in EVENTS:
            found[names[row["caller"]]].append(Line(0.0, row["event"], json.loads(row["fields"])))
    return found


async def _call(phone: Softphone, index: int, case: ScriptCase, slots: asyncio.Semaphore) -> None:
    """Make the call of a case: press its keys in time, hang up in time, or hear it to its end."""
    async with slots:
        call = await phone.dial(number_of(index), caller=caller_of(index))
        answered = call.now
        for at, key in case.presses:
            await _until(call.now, answered + at)
            with suppress(SoftphoneError):  # the key may have ended the call before it was let go
                await call.press(key)
        if case.hang_up_at is not None:
            await _until(call.now, answered + case.hang_up_at)
            await call.hang_up()
        await call.ended(LONGEST_CALL_SECONDS)


async def _until(now: float, then: float) -> None:
    """Let the time of a call pass that the case prescribes."""
    await asyncio.sleep(max(0.0, then - now))


async def _be_the_other_party(line: AnsweringLine) -> None:
    """Answer, be busy or let it ring, as the caller's case wants it."""
    cases = {caller_of(index): case for index, case in enumerate(INCOMING)}
    async with asyncio.TaskGroup() as treating:
        while True:
            try:
                call = await line.next_call(60)
            except SoftphoneError:
                continue
            treating.create_task(_treat(call, cases[call.caller.lstrip("+")]))


async def _treat(call: IncomingCall, case: ScriptCase) -> None:
    if case.transfer == "busy":
        await call.refuse(486)
        return
    await call.ring()
    if case.transfer == "answered":
        await call.answer()
        try:
            await call.ended(TALK_SECONDS)
        except SoftphoneError:
            await call.hang_up()
    else:
        await call.ended(LONGEST_CALL_SECONDS)


@pytest.mark.parametrize("case", INCOMING, ids=str)
async def test_what_happens_on_a_real_call_is_what_the_table_says(
    case: ScriptCase, traces: Mapping[str, list[Line]], acme: Customer
) -> None:
    assert not misfit(case.expect, traces[case.name], acme.url)
