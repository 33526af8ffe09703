"""`ringpost try --text`: a real text to the running system, and what comes back, told as it happens.

The text is SIP MESSAGE from the demo's trunk, an address of this machine; what is sent to the number that it comes from
arrives there too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console

from controller.commands.trunk_phone import server_of, trunk_here
from controller.commands.watching import NOT_RUNNING, Addresses, addresses_of, each_event
from controller.config.load import read_configuration
from controller.errors import RingpostError, SoftphoneError
from controller.numbers import parse_number
from controller.softphone.text_phone import TextPhone
from controller.terminal import shown

POSTBACK_SECONDS = 5.0
REPLY_SECONDS = 2.0
MEANINGS = {202: "taken", 404: "the number takes no texts", 415: "not a text"}


class TextTrial:
    """One text: sent, then what comes back and is posted is printed for a while."""

    def __init__(self, addresses: Addresses, phone: TextPhone, caller: str, console: Console) -> None:
        self._addresses = addresses
        self._phone = phone
        self._caller = caller.removeprefix("+")
        self._console = console
        self._began = time.monotonic()
        self._posted = asyncio.Event()

    async def run(self, number: str, body: str) -> bool:
        """Send the text; whether it was taken. RingpostError when nothing answers."""
        async with self._watching() as hears_posts:
            self._say("texting", f"{number}: {body}", "bold")
            try:
                status = await self._phone.send(number, body)
            except SoftphoneError:
                raise RingpostError(NOT_RUNNING) from None
            self._say("answer", f"{status} {MEANINGS.get(status, '')}".strip(), "green" if status < 300 else "red")
            if status >= 300:
                return False
            if hears_posts:
                try:
                    async with asyncio.timeout(POSTBACK_SECONDS):
                        await self._posted.wait()
                except TimeoutError:
                    self._say("no post-back", f"within {POSTBACK_SECONDS:g} s", "yellow")
            await self._replies()
            return True

    async def _replies(self) -> None:
        while True:
            try:
                text = await self._phone.next_text(REPLY_SECONDS)
            except SoftphoneError:
                return
            self._say("text", f"{text.sender}: {text.body}", "bold cyan")

    @asynccontextmanager
    async def _watching(self) -> AsyncIterator[bool]:
        """Print the post-backs about our number; whether there is a receiver that shows them."""
        timeout = aiohttp.ClientTimeout(total=None, connect=3.0)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as http:
            try:
                stream = await http.get(f"{self._addresses.receiver}/stream", headers=self._addresses.headers)
            except aiohttp.ClientError:
                yield False
                return
            following = asyncio.create_task(each_event(stream, self._post))
            try:
                yield True
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    def _post(self, post: dict[str, Any]) -> None:
        fields = dict(post.get("form", []))
        if self._caller not in (fields.get("FromPhoneNumber"), fields.get("ToPhoneNumber")):
            return
        self._say("post-back", " ".join(f"{name}={value}" for name, value in fields.items() if value), "green")
        if "SMSResponse" in fields:
            self._posted.set()

    def _say(self, what: str, text: str, style: str) -> None:
        seconds = time.monotonic() - self._began
        self._console.print(f"[dim]{seconds:6.2f} s[/]  [{style}]{what:<14}[/] {shown(text)}", soft_wrap=True)


async def try_text(config: Path, number: str, caller: str, body: str) -> bool:
    """Send a text to a number of the running system from the demo's trunk; whether it was taken."""
    configuration = read_configuration(config)
    trunk = trunk_here(configuration, "ringpost try")
    sender = parse_number(caller)
    phone = TextPhone(server_of(configuration), user=sender, local=(trunk.host, trunk.port))
    async with phone:
        trial = TextTrial(addresses_of(configuration), phone, sender, Console(highlight=False))
        return await trial.run(parse_number(number), body)
