"""Somebody at the console of a running house, in a browser."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page, expect

from tests.support.house import House


class Desk:
    """Somebody at the console of a running house."""

    def __init__(self, house: House, page: Page) -> None:
        self.house = house
        self.page = page

    async def log_in(self, name: str, *of_key: str) -> None:
        """By a link that the command line prints."""
        status, said = await self.house.command("console", "invite", name, *of_key, "--config", str(self.house.config))
        assert status == 0, said
        await self.page.goto(next(word for word in said.split() if "/console/link/" in word))
        await self.page.wait_for_url("**/console/me")

    async def open(self, path: str) -> None:
        await self.page.goto(f"{self.house.url}/console{path}")

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def upload(self, file: Path, name: str) -> None:
        await self.page.get_by_label("Name (without one").fill(name)
        await self.page.get_by_label("File:").set_input_files(file)
        await self.press("Upload")
        await expect(self.page.get_by_role("heading", name=name, exact=True)).to_be_visible()

    async def make_sequence(self) -> None:
        """“Gate”: the keys 9 and #, then the recording."""
        await self.open("/menus/sequence")
        await self.page.get_by_label("Name").fill("Gate")
        await self.press("+ DTMF")
        await self.page.get_by_label("Digits").fill("9w#")
        await self.press("+ Recording")
        await self.page.get_by_label("Recording").select_option("opened")
        await self.press("Save")
        await expect(self.page.get_by_role("link", name="Gate")).to_be_visible()

    async def make_ivr(self) -> None:
        """“Door”: the recording, and 1 leads to the sequence."""
        await self.open("/menus/ivr")
        await self.page.get_by_label("Name").fill("Door")
        await self.page.get_by_label("Recording that is played").select_option("menu")
        await self.press("+ Choice")
        await self.page.get_by_label("Keys;").fill("1")
        await self.page.get_by_label("Leads to").select_option("sequence Gate")
        await self.press("Save")
        await expect(self.page.get_by_role("link", name="Door")).to_be_visible()

    async def route(self, number: str, place: str) -> None:
        await self.open("/numbers")
        card = self.page.locator("section", has=self.page.get_by_role("heading", name=number, exact=True))
        await card.get_by_label("Leads to").select_option(place)
        await card.get_by_role("button", name="Route calls there").click()
        await expect(card).to_contain_text("ivr:")

    async def newest_call_from(self, number: str) -> str:
        """Open the page of the call; gives its path."""
        await self.open(f"/calls?number={number}")
        while not await self.page.locator("tbody a").count():
            await self.page.reload()  # it is stored within moments
        await self.page.locator("tbody a").first.click()
        await self.page.wait_for_url("**/calls/1*")
        return self.page.url.partition("/console")[2]
