"""axe finds nothing on any page of the console, in light and dark. The pages are those that the console has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Literal

import pytest
from playwright.async_api import Browser, Page

from controller.api.console.store.sessions import Sessions
from controller.api.console.visit import Audience
from controller.api.json_api.declaration import BASE
from tests.support.console import House, console_house
from tests.support.screenshots import fill

RUN = """async () => (await axe.run()).violations.flatMap((found) =>
    found.nodes.map((node) => `${found.id}: ${node.target} ${node.failureSummary}`))"""


@pytest.fixture(scope="module")
async def house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        await made.dids.load()
        await fill(made)
        yield made


def pages(house: House) -> list[str]:
    """The addresses of all pages that need nothing in their address, and of one call, script and conversation."""
    plain = [
        f"/console{door.path}"
        for door in house.console.doors
        if door.method == "GET"
        and door.audience is not Audience.EVERYBODY
        and "{" not in door.path
        and not door.path.endswith(("/live", ".wav", ".svg", ".csv"))
        and door.path not in ("/scripts/versions", "/texts/with")
    ]
    return [
        *plain,
        "/console/calls/1000000001",
        "/console/scripts/versions?name=menu",
        "/console/texts/with?our=%2B12015550101&their=%2B12015550188",
        "/console/numbers/settings?did=%2B12015550101",
        "/console/postbacks?key=acme",
        "/console/usage?key=acme",
        "/console/log-in",
        f"{BASE}/",
    ]


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core."""
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


async def violations(page: Page, url: str, axe: str) -> list[str]:
    """What axe finds on a page."""
    await page.goto(url)
    await page.evaluate(axe)
    found: list[str] = await page.evaluate(RUN)
    return [f"{url}: {each}" for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(house: House, browser: Browser, axe: str, scheme: Literal["light", "dark"]) -> None:
    ann = await house.person(f"ann-{scheme}")
    context = await browser.new_context(color_scheme=scheme)
    page = await context.new_page()
    page.set_default_timeout(60_000)
    await page.goto(f"{house.url}/console/link/{await Sessions(house.database).make_link(ann)}")
    await page.wait_for_url("**/console/me")
    found = [each for path in pages(house) for each in await violations(page, f"{house.url}{path}", axe)]
    await context.close()
    assert found == []
