"""A customer's day in the console, with real calls: from the recording to the post-back, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Browser, expect

from controller.programs import ProgramTree
from controller.softphone.answering import Manners
from controller.softphone.call_audio import Samples
from controller.softphone.phone import Softphone
from controller.softphone.registration import Account
from tests.support.asterisk import PHONE_PASSWORD, TRUNK_ADDRESS, RunningAsterisk, running_asterisk
from tests.support.browsing import page_of
from tests.support.desk import Desk
from tests.support.house import KEY, Customer, House, running_house
from tests.support.live import hear_out, loud_seconds
from tests.support.tones import Ear, tone, write_tone

DOOR, SCRIPTED, LISTENED = "+12015550101", "+12015550102", "+12015550103"
MENU, OPENED, ON_AND_ON = 3, 7, 11
YAML = """
license_keys:
  acme: {{key: {key}, status_post_url: "{url}/calls", sounds: sounds}}
  rival: {{}}
dids:
  "+12015550101": {{voice: acme, sms: acme}}
  "+12015550102": {{voice: acme, sms: acme}}
  "+12015550103": {{voice: acme, script: endless.txt}}
phones: {{alice: {{number: "+12015550110", password: "{password}"}}}}
trunks: {{carrier: {{host: 127.0.0.2}}}}
"""
ENDLESS = "~\\Label(start)~\n~^on-and-on~\n~\\WaitForDTMF(1)~\n~\\Goto(start)~\n"
SCRIPT = "~\\Label(start)~\nHello, and good morning to you.\n~\\WaitForDTMF(20)~\nGood bye.\n~\\EndCall()~\n"


@pytest.fixture(scope="module")
async def asterisk(tools: ProgramTree) -> AsyncIterator[RunningAsterisk]:
    async with running_asterisk(tools) as running:
        yield running


@pytest.fixture(scope="module")
async def house(
    asterisk: RunningAsterisk,
    tools: ProgramTree,
    fresh_database: str,
    acme: Customer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("console")
    (folder / "sounds").mkdir()
    write_tone(folder / "sounds" / "on-and-on.wav", ON_AND_ON, 0.6)
    (folder / "endless.txt").write_text(ENDLESS)
    yaml = YAML.format(key=KEY, url=acme.url, password=PHONE_PASSWORD)
    async with running_house(folder, asterisk, fresh_database, tools.root, yaml) as running:
        yield running


@pytest.fixture(scope="module")
async def phone(asterisk: RunningAsterisk, tools: ProgramTree) -> AsyncIterator[Softphone]:
    server = ("127.0.0.1", asterisk.sip_port)
    async with Softphone(tools.command("sipp"), server=server, local_host=TRUNK_ADDRESS) as ready:
        yield ready


def likeness(heard: Samples, original: Samples) -> float:
    """How much of the original is in what was heard, wherever it is: 1 is all of it, 0 nothing."""
    parts = np.correlate(heard.astype(np.float64), original.astype(np.float64), "valid")
    best = int(np.argmax(parts))
    part = heard[best : best + len(original)].astype(np.float64)
    return float(parts[best] / (np.linalg.norm(part) * np.linalg.norm(original.astype(np.float64))))


async def test_a_customer_makes_a_gate_hears_it_open_and_nobody_else_knows(
    house: House, acme: Customer, phone: Softphone, browser: Browser, tmp_path: Path
) -> None:
    acme.status = 410
    async with page_of(browser) as page, page_of(browser) as other_page, page_of(browser) as third_page:
        carl, rita, ann = Desk(house, page), Desk(house, other_page), Desk(house, third_page)
        await carl.log_in("carl", "--key", "acme")
        await carl.open("/sounds")
        await carl.upload(write_tone(tmp_path / "a.wav", MENU, 0.6), "menu")
        await carl.upload(write_tone(tmp_path / "b.wav", OPENED, 0.6), "opened")
        await carl.make_sequence()
        await carl.make_ivr()
        await carl.route(DOOR, "IVR Door")

        call = await phone.dial(DOOR[1:], caller="12015580901")
        ear = Ear(call)
        await hear_out(ear, MENU, seconds=0.6)
        await call.press("1")
        ending = await call.ended(30)
        assert (ending.by, [key.key for key in call.keys]) == ("them", ["9", "#"])
        # A slow machine may press so late that the menu has begun once more.
        assert list(dict.fromkeys(heard.code for heard in ear.tones)) == [MENU, OPENED]
        # The loudness may be another, and µ-law leaves its noise; a wrong sound is nowhere near.
        assert likeness(call.audio.samples, tone(OPENED, 0.6)[:1600]) > 0.9

        path = await carl.newest_call_from("2015580901")
        picture = page.locator("svg.timeline")
        await expect(picture.locator("circle.digit")).not_to_have_count(0)
        await expect(picture.get_by_text("→ completed")).to_be_visible()
        await expect(page.get_by_role("region", name="The oldest first")).to_contain_text("answered 410 Gone")

        # The URL is stopped by its answer: what follows is given up with it.
        await house.delivered()
        await rita.log_in("rita", "--key", "rival")
        answer = await other_page.request.get(f"{house.url}/console{path}")
        assert answer.status == 404
        for list_of in ("/calls", "/postbacks", "/sounds", "/menus", "/numbers"):
            await rita.open(list_of)
            await expect(other_page.locator("main")).not_to_contain_text("15550101")
            await expect(other_page.locator("main")).not_to_contain_text("Gate")

        acme.status, known = 200, len(acme.posted)
        await ann.log_in("ann")
        await ann.open("/postbacks?state=failed")
        await third_page.locator("tbody tr", has_text="final").locator("td.when a").click()
        await ann.press("Deliver it once more")
        await acme.wait(lambda posted: any(each.final for each in posted[known:]), timeout=60)
        await house.delivered()
        await third_page.reload()
        await expect(third_page.locator("dl.facts")).to_contain_text("delivered")


async def test_a_script_is_written_marked_simulated_set_and_called(
    house: House, acme: Customer, phone: Softphone, browser: Browser
) -> None:
    async with page_of(browser) as page:
        dora = Desk(house, page)
        await dora.log_in("dora", "--key", "acme")
        await dora.open("/scripts/edit")
        await page.locator("#script").fill(SCRIPT.replace("EndCall", "EndCal"))
        await expect(page.locator("#findings")).to_contain_text("line 5, column 1: error")
        await page.locator("#script").fill(SCRIPT)
        await expect(page.locator("#findings")).to_contain_text("No mistakes.")
        await page.get_by_label("Keys, an item").fill("5")
        await dora.press("Simulate a call")
        await expect(page.get_by_role("region", name="Transcript")).to_contain_text("digit")
        await page.get_by_label("Name", exact=True).fill("four")
        await dora.press("Save")
        await expect(page.get_by_role("status")).to_contain_text("is saved")
        await page.locator("select[name=did]").select_option(SCRIPTED)
        page.on("dialog", lambda dialog: dialog.accept())
        await dora.press("Set as incoming script")
        await expect(page.get_by_role("status")).to_contain_text("from now on")

        call = await phone.dial(SCRIPTED[1:], caller="12015580902")
        while not loud_seconds(call.audio):
            assert await call.more_audio(30)
        await call.press("5")
        assert (await call.ended(30)).by == "them"
        await dora.newest_call_from("2015580902")
        await expect(page.get_by_role("region", name="What happened")).to_contain_text("digit 5")


async def test_an_operators_phone_hears_a_call_and_is_not_heard(
    house: House, asterisk: RunningAsterisk, phone: Softphone, tools: ProgramTree, browser: Browser
) -> None:
    server, account = ("127.0.0.1", asterisk.sip_port), Account("alice", PHONE_PASSWORD)
    async with (
        page_of(browser) as page,
        Softphone(tools.command("sipp"), server=server, account=account) as alice,
        alice.answering(Manners(), register=True) as line,
    ):
        olga = Desk(house, page)
        await olga.log_in("olga")
        call = await phone.dial(LISTENED[1:], caller="12015580903")
        await Ear(call).hear(ON_AND_ON, timeout=30)
        await olga.newest_call_from("2015580903")
        await page.get_by_label("Phone alice", exact=True).select_option("alice")
        await olga.press("Listen in")
        await expect(page.get_by_text("hears the call, and is not heard")).to_be_visible()
        listening = await line.next_call(timeout=30)
        await Ear(listening).hear(ON_AND_ON, timeout=30)
        await listening.play(tone(MENU, 2.0))
        await Ear(call).hear(ON_AND_ON, after=call.now, timeout=30)
        assert MENU not in [heard.code for heard in Ear(call).tones]
        await olga.open("/audit")
        await expect(page.locator("main")).to_contain_text("listen in to a call")
        await call.hang_up()
        assert (await listening.ended(30)).by == "them"
    await asterisk.without_calls()
    async with asterisk.ari() as http, http.get(f"{asterisk.ari_url}/ari/bridges") as answer:
        assert not [each["id"] for each in await answer.json() if "spy" in each["id"]]
