"""The table of cases on real calls: what the simulator says that happens, happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from controller.errors import SoftphoneError
from controller.programs import ProgramTree
from controller.script.simulation.situation import FAX_TONE_SECONDS, HUMAN_GREETING_SECONDS, MACHINE_GREETING_SECONDS
from controller.script.transcript import EVENTS, TranscriptLine
from controller.softphone.answering import AnsweringLine, IncomingCall
from controller.softphone.call_audio import Samples, hum, talk
from controller.softphone.phone import Softphone
from controller.softphone.phone_call import PhoneCall
from controller.softphone.registration import Account
from tests.support.asterisk import PHONE_PASSWORD, TRUNK_ADDRESS, RunningAsterisk
from tests.support.house import KEY, Customer, House, customer, running_house
from tests.support.patience import LONGEST_WAIT
from tests.support.script_cases import ALICE, CASES, IVR_SCRIPTS, IVRS, PAGES, ScriptCase, misfit
from tests.support.tones import write_tone

AT_ONCE = 8
LONGEST_CALL_SECONDS = 40.0
TALK_SECONDS = 0.5
# The simulator's sounds last two seconds; so do these.
CHIME_SECONDS = 2.0
PHONE_ADDRESS = "127.0.0.3"
HEARD = {
    "human": talk(HUMAN_GREETING_SECONDS),
    "machine": talk(MACHINE_GREETING_SECONDS),
    "fax": hum(FAX_TONE_SECONDS, 2100),
}


def number_of(case: ScriptCase) -> str:
    """The number that a case is about: ours that is called, or the other party's that we call."""
    return f"1201556{CASES.index(case):04d}"


def caller_of(case: ScriptCase) -> str:
    """The number that calls, or that we show."""
    return f"1201557{CASES.index(case):04d}"


def yaml_of(folder: Path, server: str) -> str:
    """A number for each case, with its script or IVR; the files that they need are written."""
    (folder / "sounds").mkdir()
    write_tone(folder / "sounds" / "chime.wav", 1, CHIME_SECONDS)
    for name, script in IVR_SCRIPTS.items():
        (folder / name).write_text(script)
    dids = ['  "+12015550101": {sms: acme}']
    for case in CASES:
        if case.outgoing:
            continue
        leads_to = f"ivr: {case.ivr}"
        if case.script:
            file = folder / f"{number_of(case)}.txt"
            file.write_text(case.script.replace("{server}", server))
            leads_to = f"script: {file.name}"
        dids.append(f'  "+{number_of(case)}": {{voice: acme, {leads_to}}}')
    owner = "caller_ids: any, products: [phone, sms], sounds: sounds"
    keys = f"  acme: {{key: {KEY}, {owner}, status_post_url: '{server}/calls'}}"
    phones = f'  {ALICE}: {{number: "+12015550110", password: unused-in-here}}'
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
    tools: ProgramTree,
    fresh_database: str,
    acme: Customer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, list[TranscriptLine]]:
    """What happened in each case, by its name, from the traces of the calls."""
    folder = tmp_path_factory.mktemp("cases")
    server, sipp = ("127.0.0.1", asterisk.sip_port), tools.command("sipp")
    alice = Softphone(sipp, server=server, local_host=PHONE_ADDRESS, account=Account(ALICE, PHONE_PASSWORD))
    async with (
        running_house(folder, asterisk, fresh_database, tools.root, yaml_of(folder, acme.url)) as house,
        Softphone(sipp, server=server, local_host=TRUNK_ADDRESS) as phone,
        phone.answering(port=asterisk.configuration.trunks[0].port) as line,
        alice,
        alice.answering(register=True) as alices_line,
    ):
        others = Others()
        parties = [asyncio.create_task(others.be_there(each)) for each in (line, alices_line)]
        slots = asyncio.Semaphore(AT_ONCE)
        try:
            await asyncio.gather(*(_make(house, phone, others, acme, case, slots) for case in CASES))
            await acme.finals(len(CASES), timeout=30)
        finally:
            for party in parties:
                party.cancel()
            await asyncio.gather(*parties, return_exceptions=True)
    connection = await asyncpg.connect(fresh_database)
    try:
        rows = await connection.fetch(
            "SELECT direction, our_number, their_number, event, fields FROM call_trace JOIN calls USING (queue_id)"
            " ORDER BY queue_id, number"
        )
    finally:
        await connection.close()
    names = {f"+{caller_of(case)}": case.name for case in CASES}
    found: dict[str, list[TranscriptLine]] = {name: [] for name in names.values()}
    for row in rows:
        if row["event"] in EVENTS:
            name = names[row["our_number"] if row["direction"] == "outgoing" else row["their_number"]]
            found[name].append(TranscriptLine(0.0, row["event"], json.loads(row["fields"])))
    return found


async def _make(
    house: House, phone: Softphone, others: Others, acme: Customer, case: ScriptCase, slots: asyncio.Semaphore
) -> None:
    """Make the call of a case, or have it made, and hear it to its end."""
    async with slots:
        if case.outgoing:
            await _have_placed(house, others, acme, case)
        else:
            await _go_through(await phone.dial(number_of(case), caller=caller_of(case)), case)


async def _have_placed(house: House, others: Others, acme: Customer, case: ScriptCase) -> None:
    coming = others.expect(case)
    wanted = {
        "key": "acme",
        "number": number_of(case),
        "script": case.script.replace("{server}", acme.url),
        "caller_id": caller_of(case),
        "transfer_number": case.transfer_number,
    }
    status, answer = await house.admin("/admin/calls", wanted)
    assert status == 202, answer
    call = await asyncio.wait_for(coming, LONGEST_WAIT)
    await call.answer()
    speaking = asyncio.create_task(_say(call, HEARD[case.answered_by]))
    await _go_through(call, case)
    await speaking


async def _say(call: PhoneCall, samples: Samples) -> None:
    with suppress(SoftphoneError):  # the call may end before that
        await call.play(samples)


async def _go_through(call: PhoneCall, case: ScriptCase) -> None:
    """Press the keys of a case in time, and hang up in time, or hear the call to its end."""
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


class Others:
    """Everybody who is called: those whom a case is about, and the other parties of transfers."""

    def __init__(self) -> None:
        self._cases = {caller_of(case): case for case in CASES}
        self._expected: dict[str, asyncio.Future[IncomingCall]] = {}

    def expect(self, case: ScriptCase) -> asyncio.Future[IncomingCall]:
        """The call that the house places in this case."""
        coming = self._expected[number_of(case)] = asyncio.get_running_loop().create_future()
        return coming

    async def be_there(self, line: AnsweringLine) -> None:
        """Answer, be busy or let it ring, as the case wants it."""
        async with asyncio.TaskGroup() as treating:
            while True:
                try:
                    call = await line.next_call(60)
                except SoftphoneError:
                    continue
                coming = self._expected.pop(call.number.lstrip("+"), None)
                if coming is not None:
                    coming.set_result(call)
                else:
                    treating.create_task(_treat(call, self._cases[call.caller.lstrip("+")]))


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


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_what_happens_on_a_real_call_is_what_the_table_says(
    case: ScriptCase, traces: Mapping[str, list[TranscriptLine]], acme: Customer
) -> None:
    assert not misfit(case.expect, traces[case.name], acme.url)
