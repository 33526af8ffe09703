"""The console in small and by hand: no page scrolls sideways on a telephone, and the keyboard alone is enough."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from controller.api.console.store.sessions import Sessions
from tests.browser.test_console_accessibility import pages
from tests.support.browsing import page_of
from tests.support.console import House, console_house
from tests.support.screenshots import fill

NARROW = 360
MOST_TABS = 80


@pytest.fixture(scope="module")
async def house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        await made.dids.load()
        await fill(made)
        yield made


async def log_in(house: House, page: Page, name: str, key: str | None = None) -> None:
    person = await house.person(name, key)
    await page.goto(f"{house.url}/console/link/{await Sessions(house.database).make_link(person)}")
    await page.wait_for_url("**/console/me")


@pytest.mark.parametrize("accepted", ["en", "de"])
async def test_no_page_scrolls_sideways_on_a_telephone(house: House, browser: Browser, accepted: str) -> None:
    context = await browser.new_context(
        viewport={"width": NARROW, "height": 740}, extra_http_headers={"Accept-Language": accepted}
    )
    page = await context.new_page()
    page.set_default_timeout(60_000)
    await log_in(house, page, f"ann-{accepted}")
    wide = []
    for path in pages(house):
        await page.goto(f"{house.url}{path}")
        width = await page.evaluate("document.documentElement.scrollWidth")
        if width > NARROW:
            wide.append((path, width))
    await context.close()
    assert wide == []


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this name has the focus."""
    seen = []
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        script = "(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()"
        focused: str = await page.evaluate(script)
        seen.append(focused[:30])
        if focused.startswith(name):
            return
    raise AssertionError(f"Tab does not come to {name}: {seen}")


async def test_a_sequence_is_made_by_the_keyboard_alone(house: House, browser: Browser) -> None:
    async with page_of(browser) as page:
        await log_in(house, page, "carl", "acme")
        await tab_to(page, "Skip to the content")
        await tab_to(page, "Sequences and IVRs")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/console/menus")
        await tab_to(page, "+ Add Sequence")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/console/menus/sequence?*")
        await tab_to(page, "Name")
        await page.keyboard.type("by hand")
        await tab_to(page, "+ DTMF")
        await page.keyboard.press("Enter")
        await expect(page.locator("legend")).to_have_text("Step 1: DTMF")
        await tab_to(page, "Digits")
        await page.keyboard.type("12w3")
        await tab_to(page, "Save")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/console/menus")
        await expect(page.get_by_role("link", name="by hand")).to_be_visible()
        await tab_to(page, "by hand")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/console/menus/sequence?*")
        await expect(page.locator("input[name=row_codes]")).to_have_value("12w3")
        await tab_to(page, "Log out")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/console/log-in")
