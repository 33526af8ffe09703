"""What remains of real calls: the mail with the trace, and what `ringpost calls` shows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest

from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from tests.support.asterisk import TRUNK_ADDRESS, RunningAsterisk
from tests.support.house import KEY, House, running_house
from tests.support.patience import until
from tests.support.smtp_sink import SmtpSink, smtp_sink
from tests.support.tones import write_tone

SCRIPTS = {
    "debug": r"""
        ~\DebugEmail(debug@example.com)~ ~\ErrorEmail(errors@example.com)~
        ~^hello~ ~\WaitForDTMF(5)~ ~^hello~ ~^hello~""",
    "broken": r"~\ErrorEmail(errors@example.com)~ ~\SetVar(who|nobody)~ ~^hello~ ~\Goto([who])~ ~^hello~",
}

YAML = """
license_keys:
  acme: {{key: {key}, products: [phone], sounds: sounds, mail_to: [debug@example.com, errors@example.com]}}
dids:
  "+12015550101": {{voice: acme, script: debug.txt}}
  "+12015550102": {{voice: acme, script: broken.txt}}
trunks:
  carrier: {{host: 127.0.0.2}}
mail: {{host: 127.0.0.1, port: {port}, sender: ringpost@example.com}}
"""


@pytest.fixture(scope="module")
async def sink() -> AsyncIterator[SmtpSink]:
    async with smtp_sink() as listening:
        yield listening


@pytest.fixture(scope="module")
async def house(
    asterisk: RunningAsterisk,
    fresh_database: str,
    tools: ProgramTree,
    sink: SmtpSink,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("looked-at")
    (folder / "sounds").mkdir()
    write_tone(folder / "sounds" / "hello.wav", 1, 0.3)
    for name, script in SCRIPTS.items():
        (folder / f"{name}.txt").write_text(script)
    yaml = YAML.format(key=KEY, port=sink.port)
    async with running_house(folder, asterisk, fresh_database, tools.root, yaml) as running:
        yield running


async def test_the_traces_of_calls_are_mailed_and_shown(
    asterisk: RunningAsterisk, house: House, tools: ProgramTree, sink: SmtpSink
) -> None:
    async with Softphone(
        tools.command("sipp"), server=("127.0.0.1", asterisk.sip_port), local_host=TRUNK_ADDRESS
    ) as phone:
        call = await phone.dial("12015550101", caller="12015550133")
        await call.more_audio(0.3)
        await call.press("7")
        await call.ended()
        call = await phone.dial("12015550102", caller="12015550134")
        await call.ended()
    mails = {taken.recipients[0]: taken.message for taken in await sink.wait_for(2)}

    assert set(mails) == {"debug@example.com", "errors@example.com"}
    told = mails["debug@example.com"].get_content()
    assert "Incoming call from +12015550133 to +12015550101" in told
    for line in ("M: answered", "M: sound hello", "M: digit 7", "M: end end-of-script"):
        assert line in told
    assert mails["errors@example.com"]["Subject"].endswith("(with errors)")
    assert "+12015550134" in mails["errors@example.com"].get_content()

    config = ("--config", str(house.config))
    status, listed = await house.command("calls", "list", "--json", "--number", "2015550133", *config)
    (known,) = json.loads(listed)
    assert (status, known["their_number"], known["our_number"], known["end_reason"]) == (
        *(0, "+12015550133", "+12015550101"),
        "end-of-script",
    )
    status, shown = await house.command("calls", "show", str(known["queue_id"]), *config)
    assert status == 0
    assert "digit 7" in shown
    assert "+12015550133" in shown
    status, shown = await house.command("calls", "show", str(known["queue_id"]), "--json", *config)
    events = [line["event"] for line in json.loads(shown)["trace"]]
    assert (events[0], events[-1]) == ("answered", "end")
    assert {"event": "digit", "digit": "7"}.items() <= json.loads(shown)["trace"][events.index("digit")].items()
    status, listed = await house.command("calls", "list", *config)
    assert status == 0
    assert listed.count("acme") == 2
    assert (await house.command("calls", "list", "--open", *config))[1].strip() == "No call fits."
    assert await house.command("calls", "show", "17", *config) == (1, "There is no call of this QueueID.\n")


async def test_the_sip_of_a_call_is_kept_with_masked_numbers(
    asterisk: RunningAsterisk, house: House, tools: ProgramTree, fresh_database: str
) -> None:
    async with Softphone(
        tools.command("sipp"), server=("127.0.0.1", asterisk.sip_port), local_host=TRUNK_ADDRESS
    ) as phone:
        call = await phone.dial("12015550101", caller="12015550135")
        await call.more_audio(0.3)
        await call.hang_up()
    masked = "1201***0135"
    connection = await asyncpg.connect(fresh_database)
    try:

        async def ladders() -> list[str]:
            rows = await connection.fetch("SELECT messages::text FROM sip_ladders")
            return [row["messages"] for row in rows if masked in row["messages"]]

        await until(ladders)
        (found,) = await ladders()
    finally:
        await connection.close()
    kept = json.loads(found)
    lines = [each["line"].split(" ")[0] for each in kept]
    assert lines[0] == "INVITE"
    assert {"100", "200", "ACK", "BYE"} <= set(lines)
    assert "2015550135" not in json.dumps(kept)
    assert "m=audio" in kept[0]["text"]
