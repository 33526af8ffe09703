"""The console as people use it, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from controller.api.console.passwords import Passwords
from controller.api.console.store.people import People
from controller.api.console.store.sessions import Sessions
from tests.support.browsing import page_of
from tests.support.console import PASSWORD, House, console_house
from tests.support.outbox import postback
from tests.support.sql import sql


@pytest.fixture(scope="module")
async def house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        yield made


async def logged_in(house: House, page: Page, name: str, key: str | None = None) -> None:
    """Log in by a link, as one does from the terminal."""
    link = await Sessions(house.database).make_link(await house.person(name, key))
    await page.goto(f"{house.url}/console/link/{link}")
    await page.wait_for_url("**/console/me")


async def test_a_link_from_the_terminal_opens_the_console_logged_in(house: House, browser: Browser) -> None:
    async with page_of(browser) as page:
        await logged_in(house, page, "ann")
        await page.get_by_role("link", name="Overview").click()
        await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_label("Password")).to_be_visible()


async def test_the_list_of_calls_and_the_timeline_of_one_move_by_themselves(house: House, browser: Browser) -> None:
    async with page_of(browser) as page:
        await logged_in(house, page, "carl", "acme")
        await page.goto(f"{house.url}/console/calls")
        await expect(page.locator("#live-state")).to_have_text("live")
        began = await house.call(1000000001, open_call=True)
        await page.locator("#live-calls").get_by_role("link", name="1000000001").click()

        picture = page.locator("svg.timeline")
        await expect(picture).to_be_visible()
        await house.trace(
            1000000001,
            began,
            (2, "say", '{"text": "Press one for <b>sales</b>."}'),
            (5, "digit", '{"digit": "1"}'),
            (6, "say", '{"text": "Sales."}'),
        )
        await expect(picture.locator("rect.say")).to_have_count(2)
        await expect(picture.locator("circle.digit")).to_have_count(1)
        await expect(page.get_by_text("“Press one for <b>sales</b>.”")).to_be_visible()
        await house.postback(postback("call:1000000001", event="call.completed", final=True))
        await sql(house.database, "UPDATE calls SET ended_at = now(), state = 'ended', end_reason = 'hung-up'")
        await expect(page.get_by_text("hung up", exact=True)).to_be_visible()
        await expect(picture.get_by_text("→ completed")).to_be_visible()


async def test_a_script_is_checked_while_it_is_typed(house: House, browser: Browser) -> None:
    async with page_of(browser) as page:
        await logged_in(house, page, "dora", "acme")
        await page.goto(f"{house.url}/console/scripts/edit")
        findings = page.locator("#findings")
        await expect(findings).to_contain_text("No mistakes.")
        await page.locator("#script").fill("Hello.\n~\\Nothing()~")
        await expect(findings).to_contain_text("line 2, column 1: error")
        await page.locator("#script").fill("~\\Label(start)~ Hello. ~\\WaitForDTMF(5)~")
        await expect(findings).to_contain_text("No mistakes.")
        await expect(findings.locator("svg.flow")).to_be_visible()


async def test_without_javascript_one_logs_in_and_looks_at_calls(house: House, browser: Browser) -> None:
    person = await house.person("erin", "acme")
    await People(house.database).set_password(person, await Passwords().hash(PASSWORD), b"")
    await house.call(1000000009)
    async with page_of(browser, script=False) as page:
        await page.goto(f"{house.url}/console/")
        await page.get_by_label("Name").fill("erin")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()
        await page.get_by_role("link", name="Calls").click()
        await page.get_by_role("link", name="1000000009").first.click()
        await expect(page.locator("svg.timeline")).to_be_visible()


async def test_phones_in_the_hand_and_keyboards_are_enough(house: House, browser: Browser) -> None:
    await house.call(1000000010)
    async with page_of(browser, width=360) as page:
        await logged_in(house, page, "fay")
        for path in (
            "/",
            "/calls",
            "/calls/1000000010",
            "/postbacks",
            "/texts",
            "/sounds",
            "/scripts",
            "/people",
            "/audit",
            "/numbers",
            "/numbers/settings?did=%2B12015550101",
            "/usage",
            "/tokens",
            "/scripts/edit",
        ):
            await page.goto(f"{house.url}/console{path}")
            too_wide = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert (path, too_wide <= 0) == (path, True)
        await page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the content")
        await expect(skip).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.querySelector('main').contains(document.activeElement)")
