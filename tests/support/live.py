"""A house of scripts and IVRs on a real Asterisk, with softphones on all sides: for tests that listen."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np

from controller.programs import ProgramTree
from controller.softphone.answering import AnsweringLine
from controller.softphone.call_audio import Audio
from controller.softphone.phone import Softphone
from controller.softphone.phone_call import PhoneCall
from controller.softphone.rtp import CLOCK_RATE, FRAME_SAMPLES, FRAME_SECONDS
from tests.support.asterisk import PHONE_PASSWORD, TRUNK_ADDRESS, RunningAsterisk
from tests.support.house import KEY, Customer, House, Posted, customer, running_house
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import Ear, HeardTone, write_tone

SOUND_SECONDS = 0.4
ALICE_NUMBER = "+12015550110"
_QUIETEST = 200.0
_callers = itertools.count(1)


@dataclass
class LiveHouse:
    """Where a test calls, and what it can look at afterwards."""

    house: House
    acme: Customer
    phone: Softphone
    line: AnsweringLine
    numbers: dict[str, str] = field(default_factory=dict)

    async def dial(self, name: str, **options: Any) -> PhoneCall:
        """Call the number that runs this script or IVR, from a number that nobody has used before."""
        return await self.phone.dial(self.numbers[name], caller=f"1201558{next(_callers):04d}", **options)

    async def place(self, script: str, number: str, **order: Any) -> int:
        """Have the house call `number` and run a script; the QueueID. `{server}` is the customer's address."""
        wanted = {"key": "acme", "number": number, "script": script.replace("{server}", self.acme.url), **order}
        status, answer = await self.house.admin("/admin/calls", wanted)
        assert status == 202, answer
        return int(answer["queue_id"])

    async def told(self, queue_id: int, timeout: float = LONGEST_WAIT) -> list[Posted]:
        """All post-backs of a call that was placed, when the last has come."""

        def mine() -> list[Posted]:
            return [each for each in self.acme.posted if each.form["QueueID"] == str(queue_id)]

        await self.acme.wait(lambda _: any(each.final for each in mine()), timeout)
        return mine()

    async def trace_of(self, queue_id: int) -> list[tuple[str, dict[str, Any]]]:
        """The trace of a call that was placed, when its final post-back is there."""
        await self.told(queue_id)
        query = "SELECT event, fields FROM call_trace WHERE queue_id = $1 ORDER BY number"
        return [(row["event"], json.loads(row["fields"])) for row in await self.rows(query, queue_id)]

    async def posted(self, call: PhoneCall, timeout: float = LONGEST_WAIT) -> list[Posted]:
        """All post-backs of the call, when the last has come."""
        await self.acme.wait(lambda _: any(each.final for each in self.acme.posted_for(caller_of(call))), timeout)
        return self.acme.posted_for(caller_of(call))

    async def final(self, call: PhoneCall) -> dict[str, str]:
        """The form of the call's final post-back."""
        return (await self.posted(call))[-1].form

    async def trace(self, call: PhoneCall) -> list[tuple[str, dict[str, Any]]]:
        """The call's trace; it is whole when the final post-back is there."""
        await self.posted(call)
        rows = await self.rows(
            "SELECT event, fields FROM call_trace JOIN calls USING (queue_id) WHERE their_number = $1 ORDER BY number",
            f"+1{caller_of(call)}",
        )
        return [(row["event"], json.loads(row["fields"])) for row in rows]

    async def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        """What the store holds."""
        connection = await asyncpg.connect(self.house.dsn)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()


def caller_of(call: PhoneCall) -> str:
    """The ten digits from which a call was made."""
    (told,) = {message.user_of("from") for message in call.messages if message.user_of("from").startswith("1201558")}
    return told[1:]


@asynccontextmanager
async def live_house(
    folder: Path,
    asterisk: RunningAsterisk,
    tools: ProgramTree,
    dsn: str,
    *,
    sounds: Mapping[str, int],
    scripts: Mapping[str, str],
    ivrs: str = "",
    menus: tuple[str, ...] = (),
) -> AsyncIterator[LiveHouse]:
    """A house with a number for each of `scripts` and for each IVR named in `menus`; `ivrs`: their YAML.

    Each sound is a tone code. `{server}` in a script is the customer's address. Numbers of others are called through
    the carrier, at whose place `line` answers; alice is a phone of ours.
    """
    numbers = {name: f"1201555{1000 + index}" for index, name in enumerate((*scripts, *menus))}
    async with customer() as acme:
        (folder / "sounds").mkdir()
        for name, code in sounds.items():
            write_tone(folder / "sounds" / f"{name}.wav", code, SOUND_SECONDS)
        dids = ['  "+12015550101": {sms: acme}', '  "+12015550102": {description: Nobody has it}']
        for name, script in scripts.items():
            (folder / f"{name}.txt").write_text(script.replace("{server}", acme.url))
            dids.append(f'  "+{numbers[name]}": {{voice: acme, script: {name}.txt}}')
        dids += [f'  "+{numbers[name]}": {{voice: acme, ivr: {name}}}' for name in menus]
        keys = (
            f"  acme: {{key: {KEY}, status_post_url: '{acme.url}/calls', sounds: sounds, caller_ids: '+12015550177'}}"
        )
        yaml = "\n".join(
            [
                "license_keys:",
                keys,
                "dids:",
                *dids,
                f'phones: {{alice: {{number: "{ALICE_NUMBER}", password: "{PHONE_PASSWORD}"}}}}',
                "trunks: {carrier: {host: 127.0.0.2}}",
                ivrs,
            ]
        )
        async with (
            running_house(folder, asterisk, dsn, tools.root, yaml) as house,
            Softphone(
                tools.command("sipp"), server=("127.0.0.1", asterisk.sip_port), local_host=TRUNK_ADDRESS
            ) as phone,
            phone.answering(port=asterisk.configuration.trunks[0].port) as line,
        ):
            yield LiveHouse(house, acme, phone, line, numbers)


async def hear_out(ear: Ear, code: int, *, after: float = -1.0, seconds: float = SOUND_SECONDS) -> HeardTone:
    """Wait for a sound of so many seconds to its end. AssertionError when it is not heard."""
    heard = await ear.hear(code, after=after)
    ends = heard.started + seconds + 0.1
    while (left := ends - ear.call.now) > 0 and await ear.call.more_audio(left):
        pass
    return next(each for each in reversed(ear.tones) if each.code == code)


def loud_seconds(audio: Audio) -> float:
    """How much of the audio is no silence, in seconds."""
    return float(np.count_nonzero(_loud(audio))) * FRAME_SECONDS


def loud_spans(audio: Audio, *, gap: float = 0.1) -> list[tuple[float, float]]:
    """From when to when something is heard, on the audio's clock; silences of less than `gap` seconds do not count."""
    spans: list[tuple[float, float]] = []
    for frame in np.flatnonzero(_loud(audio)):
        start = audio.started + int(frame) * FRAME_SECONDS
        if spans and start - spans[-1][1] < gap:
            spans[-1] = (spans[-1][0], start + FRAME_SECONDS)
        else:
            spans.append((start, start + FRAME_SECONDS))
    return spans


def strength(audio: Audio, frequency: float) -> float:
    """How strong one frequency is in the audio: the share of its power (0 to 1)."""
    samples = audio.samples.astype(np.float64)
    power = float(np.mean(samples**2)) if len(samples) else 0.0
    if power == 0:
        return 0.0
    turns = np.exp(-2j * np.pi * frequency * np.arange(len(samples)) / CLOCK_RATE)
    return float(2 * np.abs(np.mean(samples * turns)) ** 2 / power)


def _loud(audio: Audio) -> np.ndarray[Any, np.dtype[np.bool_]]:
    count = len(audio.samples) // FRAME_SAMPLES
    frames = audio.samples[: count * FRAME_SAMPLES].reshape(count, FRAME_SAMPLES).astype(np.float64)
    return np.asarray(np.sqrt(np.mean(frames**2, axis=1)) > _QUIETEST, dtype=np.bool_)
