"""The telephone of the console, in a real browser on a real Asterisk: WebRTC calls and texts."""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Browser, Page, expect

from controller.embedded.browser_library import provide
from controller.programs import ProgramTree
from controller.softphone.call_audio import Audio
from tests.support.asterisk import RunningAsterisk, running_asterisk
from tests.support.browsing import page_of
from tests.support.desk import Desk
from tests.support.house import KEY, Customer, House, running_house
from tests.support.live import strength
from tests.support.patience import until
from tests.support.tones import heard_tones, write_tone

DOOR, TEXTED, OTHERS = "+12015550101", "+12015550102", "+12015550109"
MENU, OPENED = 3, 7
YAML = """
license_keys:
  acme: {{key: {key}, status_post_url: "{url}/calls"}}
  rival: {{}}
dids:
  "+12015550101": {{voice: acme, sms: acme}}
  "+12015550102": {{voice: acme, sms: acme}}
  "+12015550109": {{voice: rival, script: theirs.txt}}
"""
# What the page plays, kept at the telephone's own rate from the moment when there is something.
LISTEN = """
window.heard = [];
const context = new AudioContext({ sampleRate: 8000 });
const timer = setInterval(() => {
  const far = document.getElementById("far");
  if (!far || !far.srcObject) return;
  clearInterval(timer);
  const node = context.createScriptProcessor(1024, 1, 1);
  node.onaudioprocess = (event) => {
    for (const each of event.inputBuffer.getChannelData(0)) {
      window.heard.push(Math.round(32767 * Math.max(-1, Math.min(1, each))));
    }
  };
  context.createMediaStreamSource(far.srcObject).connect(node);
  node.connect(context.destination);
}, 20);
"""


@pytest.fixture(scope="module")
async def asterisk(tools: ProgramTree) -> AsyncIterator[RunningAsterisk]:
    async with running_asterisk(
        tools, numbers=frozenset({DOOR, TEXTED, OTHERS}), text_numbers=frozenset({DOOR, TEXTED})
    ) as running:
        yield running


@pytest.fixture(scope="module")
async def house(
    asterisk: RunningAsterisk,
    tools: ProgramTree,
    fresh_database: str,
    acme: Customer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[House]:
    provide()
    folder = tmp_path_factory.mktemp("phone")
    (folder / "theirs.txt").write_text("Hello.\n")
    async with running_house(
        folder, asterisk, fresh_database, tools.root, YAML.format(key=KEY, url=acme.url)
    ) as running:
        yield running


async def open_phone(desk: Desk) -> None:
    """Open the telephone, and wait until Asterisk knows it."""
    # Where a person lets a page use the microphone, the browser tells it its addresses too.
    await desk.page.context.grant_permissions(["microphone"])
    await desk.open("/phone")
    await expect(desk.page.locator("#phone-state")).to_contain_text("Ready.")


class Loudspeaker:
    """What a page plays from now on, as the telephone gives it to the loudspeaker."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._samples: list[int] = []

    async def listen(self) -> None:
        """Begin, before the call does."""
        await self._page.evaluate(LISTEN)

    async def audio(self) -> Audio:
        """All that was played."""
        self._samples += await self._page.evaluate("window.heard.splice(0)")
        return Audio(np.array(self._samples, dtype=np.int16), 0.0)

    async def hears(self, code: int) -> None:
        """Wait until a tone was played."""

        async def was_played() -> bool:
            return code in [each.code for each in heard_tones(await self.audio())]

        await until(was_played)


async def test_a_customer_makes_a_gate_calls_it_from_the_browser_and_hears_it_open(
    house: House, asterisk: RunningAsterisk, acme: Customer, browser: Browser, tmp_path: Path
) -> None:
    async with page_of(browser) as page, page_of(browser) as other_page:
        carl, rita = Desk(house, page), Desk(house, other_page)
        await carl.log_in("carl", "--key", "acme")
        await carl.open("/sounds")
        await carl.upload(write_tone(tmp_path / "a.wav", MENU, 1.0), "menu")
        await carl.upload(write_tone(tmp_path / "b.wav", OPENED, 1.0), "opened")
        await carl.make_sequence()
        await carl.make_ivr()
        await carl.route(DOOR, "IVR Door")

        await open_phone(carl)
        loudspeaker = Loudspeaker(page)
        await loudspeaker.listen()
        await page.locator("select[name=number]").select_option(TEXTED)
        await expect(page.locator("#phone-state")).to_contain_text(f"Ready. Calls show {TEXTED}.")
        await page.get_by_label("Number to call").fill(DOOR)
        await carl.press("Call")
        await loudspeaker.hears(MENU)
        await carl.press("1")
        timeline = page.locator("#timeline")
        await expect(timeline.locator("svg.timeline")).to_be_visible()
        await expect(page.locator("#phone-state")).to_contain_text("the other side hung up")
        audio = await loudspeaker.audio()
        # A slow machine plays with gaps, and may press so late that the menu has begun once more.
        seconds: dict[int, float] = {}
        for each in heard_tones(audio):
            seconds[each.code] = seconds.get(each.code, 0.0) + each.seconds
        assert [code for code in seconds if seconds[code] > 0.4] == [MENU, OPENED], seconds
        for low, high in ((852, 1477), (941, 1477)):
            assert any(_has_key(audio, at, low, high) for at in range(0, len(audio.samples), 160)), (low, high)

        await expect(timeline.locator("circle.digit")).not_to_have_count(0)
        await expect(timeline).to_contain_text("completed")
        (final,) = [each for each in await acme.finals() if each.final]
        assert (final.form["phonenumber"], final.form["callerid"]) == ("2015550101", "2015550102")
        assert final.form["digitsdialed"] == "1"
        path = await page.locator("#call-name a").get_attribute("href")
        await rita.log_in("rita", "--key", "rival")
        assert (await other_page.request.get(f"{house.url}{path}")).status == 404
        assert (await other_page.request.get(f"{house.url}{path}/live")).status == 404
        await open_phone(rita)
        assert await other_page.locator("select[name=number] option").all_inner_texts() == [OTHERS]
    await asterisk.without_calls()


def _has_key(audio: Audio, at: int, low: int, high: int) -> bool:
    part = Audio(audio.samples[at : at + 400], 0.0)
    return min(strength(part, low), strength(part, high)) > 0.3


async def test_a_recording_is_made_with_the_microphone(house: House, browser: Browser) -> None:
    async with page_of(browser) as page:
        eva = Desk(house, page)
        await eva.log_in("eva", "--key", "acme")
        await page.context.grant_permissions(["microphone"])
        await eva.open("/sounds")
        await page.get_by_label("Name (without one").fill("spoken")
        await eva.press("Record with this microphone")
        await expect(page.locator("#recorder-state")).to_contain_text("Recording, 2 s")
        await eva.press("Stop and upload")
        await expect(page.get_by_role("status").first).to_contain_text("“spoken” is kept.")
        answer = await page.request.get(f"{house.url}/console/sounds/audio.wav?id=spoken")
        with wave.open(io.BytesIO(await answer.body())) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
            assert file.getnframes() / file.getframerate() >= 2
        # The microphone that stands in beeps.
        assert np.abs(samples.astype(np.int32)).max() > 3000


async def test_a_text_is_sent_and_its_answer_comes_to_the_browser(
    house: House, acme: Customer, browser: Browser
) -> None:
    async with page_of(browser) as page:
        fay = Desk(house, page)
        await fay.log_in("fay", "--key", "acme")
        await open_phone(fay)
        await page.locator("select[name=number]").select_option(TEXTED)
        await expect(page.locator("#phone-state")).to_contain_text(f"Ready. Calls show {TEXTED}.")
        texts = page.locator("#texts")
        for to, body in ((OTHERS, "hello"), (DOOR, "stop")):
            await page.get_by_label("To", exact=True).fill(to)
            await page.get_by_label("Text", exact=True).fill(body)
            await fay.press("Send")
        await expect(texts).to_contain_text(f"to {OTHERS}, not sent")
        await expect(texts).to_contain_text(f"to {DOOR}, taken")
        await expect(texts).to_contain_text("This provider is now blocked.")
        posted = await acme.wait(lambda posted: any("SMSResponse" in each.form for each in posted))
        (text,) = [each.form for each in posted if "SMSResponse" in each.form]
        assert (text["FromPhoneNumber"], text["ToPhoneNumber"]) == (TEXTED[1:], DOOR[1:])
        assert text["Message"] == "stop"


async def test_the_numbers_of_others_are_not_reached(house: House, asterisk: RunningAsterisk, browser: Browser) -> None:
    async with page_of(browser) as page:
        dora = Desk(house, page)
        await dora.log_in("dora", "--key", "acme")
        await open_phone(dora)
        for number in (OTHERS, "+442079460000"):
            await page.get_by_label("Number to call").fill(number)
            await dora.press("Call")
            await expect(page.locator("#phone-state")).to_contain_text("this is not one of your numbers")
        # Those of pages that are closed go within moments, and this one with its page.
        await until(partial(phones_are, asterisk, 1))
        await page.goto("about:blank")
        await until(partial(phones_are, asterisk, 0))


async def phones_are(asterisk: RunningAsterisk, count: int) -> bool:
    """Whether Asterisk knows so many accounts of browsers."""
    async with asterisk.ari() as http, http.get(f"{asterisk.ari_url}/ari/endpoints/PJSIP") as answer:
        names = [str(each["resource"]) for each in await answer.json()]
        return sum(name.startswith("browser-") for name in names) == count
