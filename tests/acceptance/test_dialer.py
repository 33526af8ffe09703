"""The Dialer on a running house: messages are sent, heard by who answers, and asked about meanwhile."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import numpy as np
import pytest
import soundfile  # type: ignore[import-untyped]
from typer.testing import CliRunner

from controller.cli import app
from controller.errors import SoftphoneError
from controller.programs import ProgramTree
from controller.softphone.answering import AnsweringLine, IncomingCall
from controller.softphone.call_audio import talk
from controller.softphone.phone import Softphone
from tests.support.asterisk import TRUNK_ADDRESS, RunningAsterisk, running_asterisk
from tests.support.house import House, running_house
from tests.support.live import loud_spans
from tests.support.patience import LONGEST_WAIT
from tests.support.sip_peer import sip_peer
from tests.support.tones import hear, silence, write_tone

SHORT, LONG = range(2)
LONG_SECONDS = 4.0
DELIVERED_SECONDS = 1.5
LOGIN = {"user": "user@example.com", "pass": "correct horse battery"}
SENT = ("PENDING", "TRANSACTION REQUIRES FURTHER ATTENTION")
UNDER_WAY = ("PENDING", "MORE INFORMATION IS REQUIRED")
PASSED = ("PASS", "ALL CHECKS PASSED")
NOT_DELIVERED = ("FAIL", "MESSAGE COULD NOT BE DELIVERED")
INVALID = ("FAIL", "DATA CHECK FAILED")
SUPPRESSED = ("FAIL", "SUPPRESSED SENDING CODE")
NOT_SENT = ("FAIL", "FAILED TO SEND TO NUMBER")
YAML = f"""
license_keys:
  acme:
    products: dialer
    sounds: sounds
    dialer: {{user: {LOGIN["user"]}, password: {LOGIN["pass"]}, tries: 2, next_try_seconds: 1,
             delivered_seconds: {DELIVERED_SECONDS}}}
line_types: {{overrides: {{"+12015106090": landline}}}}
trunks: {{carrier: {{host: 127.0.0.2, calls_per_second: 50}}}}
"""


@dataclass
class Programs:
    """Programs that send messages through a house, and ask about them."""

    house: House
    http: aiohttp.ClientSession

    async def post(self, path: str, body: object) -> dict[str, Any]:
        async with self.http.post(self.house.url + path, json=body) as answer:
            assert answer.status == 200, await answer.text()
            return dict(await answer.json())

    async def asked_to_send(self, number: str, message: str, *suppressed: str) -> dict[str, Any]:
        """The answer to a request to send a message, unless the line is of one of these types."""
        options = {"outofband": {"message": message, "do_not_send_to_types": suppressed or [""]}}
        body = {**LOGIN, "service": "PhoneMatch5.0.Dialer", "target": {"phone": number}, "options": options}
        return await self.post("/process/comprehensive/gateway", body)

    async def send(self, number: str, message: str) -> dict[str, Any]:
        """Send a message; the template to ask with."""
        answer = await self.asked_to_send(number, message)
        assert result(answer) == SENT
        return dict(answer["continuations"]["outofband"]["template"])

    async def status(self, template: dict[str, Any]) -> tuple[str, str]:
        return result(await self.post("/process/continue", template))

    async def over(self, template: dict[str, Any]) -> tuple[str, str]:
        """What became of the message, once its call is over."""
        async with asyncio.timeout(LONGEST_WAIT):
            while (found := await self.status(template)) == UNDER_WAY:
                await asyncio.sleep(0.05)
        return found


async def told(house: House, number: str) -> dict[str, str]:
    """What the log of the call to a number says of the delivery."""
    query = "SELECT fields FROM call_trace JOIN calls USING (queue_id) WHERE their_number = $1 AND event = 'set'"
    connection = await asyncpg.connect(house.dsn)
    try:
        lines = [json.loads(row["fields"]) for row in await connection.fetch(query, f"+1{number}")]
    finally:
        await connection.close()
    return {line["name"]: line["value"] for line in lines}


def result(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["result"]["action"], answer["result"]["detail"]


def write_sounds(folder: Path) -> None:
    """What the messages of the house are made of."""
    (folder / "sounds").mkdir(parents=True)
    write_tone(folder / "sounds" / "short.wav", SHORT, 0.6)
    write_tone(folder / "sounds" / "long.wav", LONG, LONG_SECONDS)


@pytest.fixture(scope="module")
async def house(
    asterisk: RunningAsterisk, tools: ProgramTree, fresh_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("dialer")
    write_sounds(folder)
    async with running_house(folder, asterisk, fresh_database, tools.root, YAML) as running:
        yield running


@pytest.fixture
async def programs(house: House) -> AsyncIterator[Programs]:
    async with aiohttp.ClientSession() as http:
        yield Programs(house, http)


@pytest.fixture
async def line(asterisk: RunningAsterisk, tools: ProgramTree) -> AsyncIterator[AnsweringLine]:
    """Who the house's calls come to, at the carrier's place."""
    server = ("127.0.0.1", asterisk.sip_port)
    async with (
        Softphone(tools.command("sipp"), server=server, local_host=TRUNK_ADDRESS) as phone,
        phone.answering(port=asterisk.configuration.trunks[0].port) as answering,
    ):
        yield answering


async def says_hello(call: IncomingCall, seconds: float = 0.5) -> None:
    await call.answer()
    with suppress(SoftphoneError):  # a short message is over, and the call with it, before the silence is
        await call.play(np.concatenate([talk(seconds), silence(1.0)]))


async def test_a_message_is_asked_about_while_it_rings_while_it_talks_and_afterwards(
    programs: Programs, line: AnsweringLine
) -> None:
    template = await programs.send("2015106001", "long")
    call = await line.next_call()
    assert call.number == "+12015106001"
    await call.ring()
    assert await programs.status(template) == UNDER_WAY
    await says_hello(call)
    await hear(call, LONG)
    assert await programs.status(template) == UNDER_WAY
    assert (await call.ended()).by == "them"
    assert await programs.over(template) == PASSED


async def test_what_is_not_sent_fails_at_once_and_has_nothing_to_ask_with(programs: Programs) -> None:
    answers = {
        INVALID: await programs.asked_to_send("5551234567", "short"),
        SUPPRESSED: await programs.asked_to_send("2015106090", "short", "mobile", "landline"),
        NOT_SENT: await programs.asked_to_send("9005551234", "short"),
    }
    assert {expected: result(answer) for expected, answer in answers.items()} == {each: each for each in answers}
    assert not any("continuations" in answer for answer in answers.values())


async def test_either_of_two_controllers_sends_a_message_and_tells_what_became_of_it(
    programs: Programs, line: AnsweringLine, tools: ProgramTree, tmp_path: Path
) -> None:
    write_sounds(tmp_path / "second")
    async with (
        running_asterisk(tools, entity_id="02:00:00:00:00:02") as asterisk,
        running_house(tmp_path / "second", asterisk, programs.house.dsn, tools.root, YAML) as house,
        Softphone(tools.command("sipp"), server=("127.0.0.1", asterisk.sip_port), local_host=TRUNK_ADDRESS) as phone,
        phone.answering(port=asterisk.configuration.trunks[0].port) as other_line,
    ):
        others = Programs(house, programs.http)
        asked = {"2015106011": (programs, others), "2015106012": (others, programs)}
        for number, (sender, teller) in asked.items():
            template = await sender.send(number, "short")
            call = await first_call(line, other_line)
            assert await teller.status(template) == UNDER_WAY
            await says_hello(call)
            await call.ended(timeout=15)
            assert await teller.over(template) == PASSED


async def first_call(*lines: AnsweringLine) -> IncomingCall:
    """The call that comes to one of the lines: whichever controller places it."""
    waiting = [asyncio.create_task(each.next_call()) for each in lines]
    try:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_hang_up_counts_by_how_much_was_heard(programs: Programs, line: AnsweringLine) -> None:
    templates = [await programs.send(number, "long") for number in ("2015106002", "2015106003")]
    calls = {call.number: call for call in [await line.next_call() for _ in templates]}
    early, late = calls["+12015106002"], calls["+12015106003"]
    await asyncio.gather(says_hello(early), says_hello(late))
    heard = await hear(late, LONG)
    await hear(early, LONG)
    await early.hang_up()
    while late.now < heard.started + DELIVERED_SECONDS + 0.5:
        await late.more_audio(1)
    await late.hang_up()
    assert [await programs.over(each) for each in templates] == [NOT_DELIVERED, PASSED]
    assert await told(programs.house, "2015106002") == {"notdelivered": "hung up too early"}
    assert await told(programs.house, "2015106003") == {"delivered": "long-enough", "deliveredto": "human"}


@pytest.mark.parametrize(("number", "status"), [("2015106004", 486), ("2015106008", 480)], ids=["busy", "no answer"])
async def test_who_is_busy_or_does_not_answer_is_dialled_twice_before_the_message_has_failed(
    programs: Programs, line: AnsweringLine, number: str, status: int
) -> None:
    template = await programs.send(number, "short")
    await (await line.next_call()).refuse(status)
    again = await line.next_call()
    assert await programs.status(template) == UNDER_WAY
    await again.refuse(status)
    assert await programs.over(template) == NOT_DELIVERED


async def test_a_machine_hears_the_message_after_its_greeting(programs: Programs, line: AnsweringLine) -> None:
    template = await programs.send("2015106005", "short")
    call = await line.next_call()
    await says_hello(call, seconds=5.0)
    heard = await hear(call, SHORT, timeout=15)
    assert heard.started > 5.0
    await call.ended()
    assert await programs.over(template) == PASSED
    assert await told(programs.house, "2015106005") == {"delivered": "to-end", "deliveredto": "machine"}


async def test_a_message_is_asked_about_after_a_restart(programs: Programs, line: AnsweringLine) -> None:
    template = await programs.send("2015106006", "short")
    call = await line.next_call()
    await call.ring()
    await programs.house.stop()
    await programs.house.start()
    assert await programs.status(template) == UNDER_WAY
    await says_hello(call)
    await call.ended(timeout=15)
    assert await programs.over(template) == PASSED


async def test_a_message_whose_sound_goes_nowhere_is_not_delivered(
    programs: Programs, asterisk: RunningAsterisk
) -> None:
    port = asterisk.configuration.trunks[0].port
    async with sip_peer(TRUNK_ADDRESS, ("127.0.0.1", asterisk.sip_port), sip_port=port) as peer:
        template = await programs.send("2015106007", "short")
        invite = await peer.asked("INVITE")
        # An answer on hold in the way of RFC 2543: nothing is to be sent anywhere.
        peer.reply(invite, "200 OK", peer.sdp().replace(f"c=IN IP4 {TRUNK_ADDRESS}", "c=IN IP4 0.0.0.0"))
        peer.reply(await peer.asked("BYE", timeout=30), "200 OK")
        assert await programs.over(template) == NOT_DELIVERED
        assert peer.heard == []
    assert await told(programs.house, "2015106007") == {
        "notdelivered": "no sound went out on the call: nobody could hear it"
    }


# The ten media types of the interface: who writes each, in which coding, and the Hz of the tone in it.
KINDS = {
    "mpeg": ("MP3", "MPEG_LAYER_III", 44_100, 450),
    "wav": ("WAV", "PCM_16", 8_000, 550),
    "wave": ("WAV", "ULAW", 8_000, 650),
    "x-wav": ("WAV", "MS_ADPCM", 22_050, 750),
    "aiff": ("AIFF", "PCM_16", 44_100, 850),
    "x-aifc": ("AIFF", "ULAW", 8_000, 950),
    "x-aiff": ("AIFF", "PCM_24", 16_000, 1_050),
    "x-gsm": ("RAW", "GSM610", 8_000, 1_150),
    "gsm": ("WAV", "GSM610", 8_000, 1_250),
    "ulaw": ("RAW", "ULAW", 8_000, 1_350),
}
KIND_SECONDS = 0.8


def audio_of(kind: str) -> bytes:
    format_, coding, rate, hertz = KINDS[kind]
    moments = np.arange(int(KIND_SECONDS * rate)) / rate
    file = io.BytesIO()
    soundfile.write(file, 0.4 * np.sin(2 * np.pi * hertz * moments), rate, format=format_, subtype=coding)
    return file.getvalue()


async def test_every_kind_of_audio_is_heard_as_it_went_in(
    programs: Programs, line: AnsweringLine, tmp_path: Path, fresh_database: str
) -> None:
    environment = {"DATABASE_URL": fresh_database, "RINGPOST_STATE": str(programs.house.folder / "state")}
    for kind in KINDS:
        # The name says nothing: what is in the file is judged by its content.
        file = tmp_path / f"{kind}.data"
        file.write_bytes(audio_of(kind))
        arguments = ["sounds", "add", "acme", kind, str(file), "--config", str(programs.house.config)]
        added = await asyncio.to_thread(CliRunner(env=environment).invoke, app, arguments)
        assert added.exit_code == 0, (kind, added.output)
    numbers = {f"+1201510{7000 + place}": kind for place, kind in enumerate(KINDS)}
    templates = [await programs.send(number, kind) for number, kind in numbers.items()]
    calls = [await line.next_call() for _ in numbers]
    await asyncio.gather(*(says_hello(call) for call in calls))
    await asyncio.gather(*(call.ended(timeout=20) for call in calls))
    for call in calls:
        ((begin, end),) = loud_spans(call.audio, gap=0.3)
        assert abs(end - begin - KIND_SECONDS) < 0.15, numbers[call.number]
        assert abs(loudest(call) - KINDS[numbers[call.number]][3]) < 15, numbers[call.number]
    assert [await programs.over(template) for template in templates] == [PASSED] * len(KINDS)


def loudest(call: IncomingCall) -> float:
    """The strongest frequency that was heard, in Hz."""
    samples = call.audio.samples.astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * 8_000 / len(samples))
