"""`ringpost try`: a real call to the running system, told as it happens.

The call is a real one: SIP by SIPp, RTP and RFC 4733 digits, through the demo's trunk. What was spoken comes from the
controller's own feed of the call, the post-backs from the receiver that got them.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from rich.console import Console
from rich.markup import escape

from controller.errors import RingpostError, SoftphoneError
from controller.softphone.call import Call
from controller.softphone.phone import Softphone

DIAL_SECONDS = 15.0
LONGEST_TRY_SECONDS = 600.0
# After the hang-up: how long the final post-back is awaited.
POSTBACK_SECONDS = 10.0
NOT_RUNNING = (
    "Ringpost does not run (or its HTTP address is another one): start it with `make run` in another terminal."
)


@dataclass(frozen=True, slots=True)
class Press:
    """Digits, and when they are pressed, in seconds after the answer."""

    digits: str
    seconds: float

    @classmethod
    def parse(cls, text: str) -> Press:
        """`1@3`: digit 1 three seconds after the answer; `1234#@2.5`. RingpostError when it is not of that form."""
        match = re.fullmatch(r"([0-9*#A-Da-d]+)@(\d+(?:\.\d+)?)", text.strip())
        if match is None:
            raise RingpostError(f"“{text}” is not DIGITS@SECONDS, such as 1@3 or 1234#@2.5")
        return cls(match[1].upper(), float(match[2]))


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the running system is reached."""

    http: str
    token: str
    receiver: str


class Trial:
    """One try: dials, presses, listens, and prints a line for each thing that happens."""

    def __init__(self, addresses: Addresses, phone: Softphone, console: Console) -> None:
        self._addresses = addresses
        self._phone = phone
        self._console = console
        self._began = 0.0
        self._queue_id: int | None = None
        self._ended = asyncio.Event()
        self._final = asyncio.Event()
        self._posts = False

    async def run(self, number: str, caller: str, presses: list[Press], hang_up_after: float | None) -> bool:
        """Make the call. True when it was answered and came to its end; RingpostError when it could not be tried."""
        async with aiohttp.ClientSession(trust_env=False) as http:
            feed = await self._open(http, f"{self._addresses.http}/admin/calls/feed", {"caller": caller}, NOT_RUNNING)
            stream = await self._open(http, f"{self._addresses.receiver}/stream", {}, None)
            self._began = time.monotonic()
            watchers = [asyncio.create_task(self._watch(feed, self._happened))] if feed else []
            if stream:
                watchers.append(asyncio.create_task(self._watch(stream, self._posted)))
            try:
                return await self._call(number, caller, presses, hang_up_after)
            finally:
                for watcher in watchers:
                    watcher.cancel()
                await asyncio.gather(*watchers, return_exceptions=True)

    async def _call(self, number: str, caller: str, presses: list[Press], hang_up_after: float | None) -> bool:
        self._say("dialling", number, "bold")
        try:
            call = await self._phone.dial(number, caller=caller, timeout=DIAL_SECONDS)
            await call.answered(DIAL_SECONDS)
        except SoftphoneError as error:
            self._say("refused", str(error), "red")
            return False
        pressing = asyncio.create_task(self._press(call, presses))
        try:
            if hang_up_after is not None:
                await self._hang_up_after(call, hang_up_after)
            await call.ended(LONGEST_TRY_SECONDS)
        finally:
            pressing.cancel()
            await asyncio.gather(pressing, return_exceptions=True)
        await self._rest()
        return True

    async def _hang_up_after(self, call: Call, seconds: float) -> None:
        try:
            await call.ended(seconds)
        except SoftphoneError:
            self._say("hanging up", "", "bold")
            await call.hang_up()

    async def _press(self, call: Call, presses: list[Press]) -> None:
        answered = time.monotonic()
        for press in sorted(presses, key=lambda press: press.seconds):
            await asyncio.sleep(max(0.0, answered + press.seconds - time.monotonic()))
            self._say("pressing", press.digits, "bold cyan")
            await call.press(press.digits)

    async def _rest(self) -> None:
        """What is still to come once the line is dead: the end of the call, and its final post-back."""
        try:
            async with asyncio.timeout(POSTBACK_SECONDS):
                await self._ended.wait()
                if self._posts:
                    await self._final.wait()
        except TimeoutError:
            self._say("no more news", f"after {POSTBACK_SECONDS:g} s", "yellow")

    async def _open(
        self, http: aiohttp.ClientSession, url: str, query: dict[str, str], message: str | None
    ) -> aiohttp.ClientResponse | None:
        headers = {"Authorization": f"Bearer {self._addresses.token}"}
        timeout = aiohttp.ClientTimeout(total=None, connect=3.0)
        try:
            response = await http.get(url, params=query, headers=headers, timeout=timeout)
        except aiohttp.ClientError:
            if message is None:
                return None
            raise RingpostError(message) from None
        if response.status != 200:
            response.close()
            if message is None:
                return None
            raise RingpostError(f"{url} answered {response.status}: {message}")
        return response

    @staticmethod
    async def _watch(response: aiohttp.ClientResponse, tell: Callable[[dict[str, Any]], None]) -> None:
        async for event in _lines(response):
            if event:
                tell(event)

    def _happened(self, event: dict[str, Any]) -> None:
        self._queue_id = self._queue_id or int(event["queue_id"])
        if event["queue_id"] != self._queue_id:
            return
        kind = event["event"]
        told = {name: value for name, value in event.items() if name not in ("queue_id", "at", "event")}
        text = str(told.pop("text")) if "text" in told else ""
        rest = " ".join(f"{name}={value}" for name, value in told.items())
        self._say(kind, f"“{text}”" if text else rest, _STYLES.get(kind, ""))
        if kind == "end":
            self._ended.set()

    def _posted(self, post: dict[str, Any]) -> None:
        fields = dict(post.get("form", []))
        if self._queue_id is None or fields.get("QueueID") != str(self._queue_id):
            return
        self._posts = True
        shown = " ".join(f"{name}={value}" for name, value in fields.items() if value)
        self._say("post-back", shown, "green")
        if str(post.get("headers", {}).get("Ringpost-Final", "")).lower() == "true":
            self._final.set()

    def _say(self, what: str, text: str, style: str) -> None:
        seconds = time.monotonic() - self._began
        self._console.print(
            f"[dim]{seconds:6.2f} s[/]  [{style or 'default'}]{what:<14}[/] {escape(text)}", soft_wrap=True
        )


_STYLES = {"answered": "bold green", "digit": "cyan", "jump": "magenta", "error": "red", "end": "bold"}


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    async for line in response.content:
        if line.strip():
            yield json.loads(line)
