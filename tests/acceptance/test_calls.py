"""Whole calls: SIP and RTP in, the service in between, what is heard on the line and what arrives at the customer."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from controller.errors import SoftphoneError
from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from controller.softphone.phone_call import PhoneCall
from tests.support.asterisk import TRUNK_ADDRESS, RunningAsterisk
from tests.support.house import KEY, Customer, House, customer, running_house
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import Ear, hear, heard_codes, write_tone

MENU, ONE, TWO, NOTHING, ASK, THANKS = range(6)
SOUNDS = {"menu": MENU, "one": ONE, "two": TWO, "nothing": NOTHING, "ask": ASK, "thanks": THANKS}

SCRIPTS = {
    "menu": r"""
        ~\ClearDTMF()~ ~\AssignDTMF(1|one)~ ~\AssignDTMF(2|two)~
        ~\SetVar(branch|none)~
        ~^menu~ ~\WaitForDTMF(1)~
        ~^nothing~ ~\EndCall()~
        ~\Label(one)~ ~\SetVar(branch|one)~ ~^one~ ~\EndCall()~
        ~\Label(two)~ ~\SetVar(branch|two)~ ~^two~""",
    "digits": r"""
        ~\ActOnDigitPress(false)~
        ~^ask~ ~\GetDigits(hashed|3)~ ~^thanks~
        ~\GetDigits(most|3|4)~ ~^thanks~
        ~\GetDigits(timed|1)~ ~^thanks~""",
    "patient": r"~\AssignDTMF(1|one)~ ~^menu~ ~\WaitForDTMF(10)~ ~\EndCall()~ ~\Label(one)~ ~^one~",
    "speech": "Welcome to the acceptance test of Ringpost.",
}

YAML = """
license_keys:
  acme: {{key: {key}, products: [phone, sms], status_post_url: "{url}/calls", sounds: sounds}}
dids:
  "+12015550101": {{voice: acme, script: menu.txt}}
  "+12015550102": {{sms: acme}}
  "+12015550103": {{voice: acme, script: digits.txt}}
  "+12015550104": {{voice: acme}}
  "+12015550105": {{voice: acme, script: speech.txt, status_post_url: "{url}/speech"}}
  "+12015550106": {{sms: acme, announcement: thanks}}
  "+12015550107": {{voice: acme, script: patient.txt}}
phones:
  alice: {{number: "+12015550110", password: not-used-here}}
trunks:
  carrier: {{host: 127.0.0.2}}
"""


@pytest.fixture(scope="module")
async def acme() -> AsyncIterator[Customer]:
    async with customer() as known:
        yield known


@pytest.fixture(scope="module")
async def house(
    asterisk: RunningAsterisk,
    fresh_database: str,
    tools: ProgramTree,
    acme: Customer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    (folder / "sounds").mkdir()
    for name, code in SOUNDS.items():
        write_tone(folder / "sounds" / f"{name}.wav", code, 0.6)
    for name, script in SCRIPTS.items():
        (folder / f"{name}.txt").write_text(script)
    yaml = YAML.format(key=KEY, url=acme.url)
    async with running_house(folder, asterisk, fresh_database, tools.root, yaml) as running:
        yield running


@pytest.fixture
async def phone(asterisk: RunningAsterisk, tools: ProgramTree) -> AsyncIterator[Softphone]:
    async with Softphone(
        tools.command("sipp"), server=("127.0.0.1", asterisk.sip_port), local_host=TRUNK_ADDRESS
    ) as softphone:
        yield softphone


async def test_a_digit_during_the_prompt_interrupts_it(house: House, phone: Softphone) -> None:
    call = await phone.dial("12015550101")
    menu = await hear(call, MENU)
    await call.press("1")
    await hear(call, ONE)
    await call.ended()
    assert heard_codes(call.audio) == [MENU, ONE]
    assert menu.seconds < 0.6


async def test_a_digit_after_the_prompt_jumps(house: House, phone: Softphone) -> None:
    call = await phone.dial("12015550101")
    await _hear_out(call)
    await call.press("2")
    await hear(call, TWO)
    await call.ended()
    assert heard_codes(call.audio) == [MENU, TWO]


async def test_without_a_digit_the_script_falls_through(house: House, phone: Softphone) -> None:
    call = await phone.dial("12015550101")
    ending = await call.ended(LONGEST_WAIT)
    assert heard_codes(call.audio) == [MENU, NOTHING]
    assert ending.by == "them"


async def test_digits_are_collected_to_the_hash_to_the_maximum_and_to_the_timeout(
    house: House, phone: Softphone, acme: Customer
) -> None:
    call = await phone.dial("12015550103", caller="12015550133")
    await hear(call, ASK)
    await call.press("12#")
    first = await hear(call, THANKS)
    await call.press("3456")
    second = await hear(call, THANKS, after=first.ended)
    await call.press("7")
    await hear(call, THANKS, after=second.ended)
    await call.ended()
    await acme.wait(lambda _posted: any(each.final for each in acme.posted_for("2015550133")))
    last = acme.posted_for("2015550133")[-1].form
    assert (last["hashed"], last["most"], last["timed"]) == ("12", "3456", "7")
    assert last["digitsdialed"] == "12#34567"
    assert last["callerid"] == "2015550133"


async def test_a_call_posts_29_at_the_answer_and_30_at_the_end(house: House, phone: Softphone, acme: Customer) -> None:
    call = await phone.dial("12015550105", caller="12015550144")
    await call.ended(LONGEST_WAIT)
    await acme.wait(lambda posted: any(each.path == "/speech" and each.final for each in posted))
    first, last = (each for each in acme.posted if each.path == "/speech")
    assert (first.code, last.code, first.final, last.final) == (29, 30, False, True)
    assert first.form["QueueID"] == last.form["QueueID"]
    assert (last.form["phonenumber"], last.form["callerid"]) == ("2015550105", "2015550144")
    assert last.form["incoming"] == "True"
    assert 1 <= int(last.form["Duration"]) <= 10
    assert call.audio.seconds > 1


async def test_a_number_for_texts_only_says_so_or_plays_its_own_announcement(
    house: House, phone: Softphone, acme: Customer
) -> None:
    call = await phone.dial("12015550102", caller="12015550155")
    await call.more_audio(5)
    await call.hang_up()
    call = await phone.dial("12015550106", caller="12015550155")
    await hear(call, THANKS)
    await call.ended()
    assert acme.posted_for("2015550155") == []


async def test_a_voice_number_without_a_script_says_so_shortly_and_hangs_up(house: House, phone: Softphone) -> None:
    call = await phone.dial("12015550104")
    ending = await call.ended(LONGEST_WAIT)
    assert ending.by == "them"
    assert call.audio.seconds > 0.5


async def test_a_number_that_nobody_owns_is_refused_with_404_and_counted(house: House, phone: Softphone) -> None:
    with pytest.raises(SoftphoneError) as refused:
        await phone.dial("12015550999")
    assert getattr(refused.value, "status", 0) == 404
    _, metrics = await house.get("/metrics")
    assert 'ringpost_calls_refused_total{reason="unowned"} 1.0' in metrics


async def test_a_reload_takes_a_new_script_over_while_a_call_goes_on(house: House, phone: Softphone) -> None:
    script = house.folder / "patient.txt"
    original = script.read_text()
    call = await phone.dial("12015550107")
    await hear(call, MENU)
    try:
        script.write_text("~^two~")
        status, printed = await house.command("reload", "--config", str(house.config))
        assert (status, "+12015550107 changed" in printed) == (0, True), printed
        await call.press("1")
        await hear(call, ONE)
        await call.ended()
        call = await phone.dial("12015550107")
        await call.ended()
        assert heard_codes(call.audio) == [TWO]
    finally:
        script.write_text(original)
        await house.command("reload", "--config", str(house.config))


async def test_a_reload_with_a_mistake_changes_nothing(house: House, phone: Softphone) -> None:
    yaml = house.config.read_text()
    try:
        house.config.write_text(yaml.replace("menu.txt", "no-such-file.txt"))
        status, printed = await house.command("reload", "--config", str(house.config))
        assert status == 1
        assert "no-such-file.txt" in printed
    finally:
        house.config.write_text(yaml)
    call = await phone.dial("12015550101")
    await hear(call, MENU)
    await call.hang_up()


async def test_sighup_reloads_too(house: House, phone: Softphone) -> None:
    script = house.folder / "menu.txt"
    original = script.read_text()
    assert house.process is not None
    try:
        reloaded = house.log.count("configuration reloaded")
        script.write_text("~^one~")
        house.process.send_signal(signal.SIGHUP)
        await asyncio.wait_for(_logged(house, "configuration reloaded", reloaded + 1), LONGEST_WAIT)
        call = await phone.dial("12015550101")
        await call.ended()
        assert heard_codes(call.audio) == [ONE]
    finally:
        script.write_text(original)
        await house.command("reload", "--config", str(house.config))


async def test_health_names_each_part(house: House) -> None:
    status, body = await house.get("/health/ready")
    assert status == 200
    assert body == {"status": "ready", "parts": {"ari": "ok", "ami": "ok", "database": "ok", "media": "ok"}}


async def test_the_log_holds_the_calls_id_and_no_whole_number(house: House, phone: Softphone) -> None:
    call = await phone.dial("12015550101", caller="12015550177")
    await call.ended(LONGEST_WAIT)
    await asyncio.wait_for(_logged(house, "call ended"), LONGEST_WAIT)
    assert '"call": 10' in house.log
    for secret in ("2015550177", KEY, "ari-test-password"):
        assert secret not in house.log


async def _hear_out(call: PhoneCall) -> None:
    """Listen until a sound was heard to its end."""
    ear = Ear(call)
    while not any(tone.seconds >= 0.5 for tone in ear.tones):
        assert await call.more_audio(), f"no whole sound was heard: {ear.tones}"


async def _logged(house: House, text: str, times: int = 1) -> None:
    while house.log.count(text) < times:
        await asyncio.sleep(0.05)
