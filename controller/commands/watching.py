"""Watching a call of the running system from the command line: a line for each thing that happens on it.

What was spoken comes from the controller's own feed of the call, the post-backs from the receiver that got them.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from rich.console import Console

from controller.config.load import Configuration
from controller.errors import RingpostError
from controller.terminal import shown

# After the end of the call: how long the final post-back is awaited.
POSTBACK_SECONDS = 10.0
# A call of which nothing was posted so soon after its end posts nothing.
FIRST_POSTBACK_SECONDS = 1.0
NOT_RUNNING = (
    "Ringpost does not run (or its HTTP address is another one): start it with `make run` in another terminal."
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the running system is reached."""

    http: str
    token: str
    receiver: str

    @property
    def headers(self) -> dict[str, str]:
        """What a request of the administrator carries."""
        return {"Authorization": f"Bearer {self.token}"}


def addresses_of(configuration: Configuration) -> Addresses:
    """Where the system of this configuration is reached when it runs."""
    settings = configuration.settings
    receiver = f"http://{settings.receiver.host}:{settings.receiver.port}"
    return Addresses(settings.http_url, configuration.admin_token, receiver)


class CallWatch:
    """Prints what happens on one call, with the seconds since the watch began.

    `queue_id`: which call; None: the first one that the feed tells of.
    """

    def __init__(self, addresses: Addresses, console: Console) -> None:
        self.queue_id: int | None = None
        self.answered = False
        self._addresses = addresses
        self._console = console
        self._began = time.monotonic()
        self._ended = asyncio.Event()
        self._deaf = asyncio.Event()
        self._final = asyncio.Event()
        self._posted_any = asyncio.Event()
        self._hears_posts = False
        self._early: list[Callable[[], None]] | None = None

    @asynccontextmanager
    async def watching(self, http: aiohttp.ClientSession, chosen: Mapping[str, str]) -> AsyncIterator[None]:
        """Print as long as the context lasts. `chosen`: the feed's query. RingpostError when nothing runs there."""
        feed = await self._open(http, f"{self._addresses.http}/admin/calls/feed", chosen, NOT_RUNNING)
        stream = await self._open(http, f"{self._addresses.receiver}/stream", {}, None)
        self._began = time.monotonic()
        watchers = [asyncio.create_task(self._follow(feed))] if feed else []
        self._hears_posts = stream is not None
        if stream:
            watchers.append(asyncio.create_task(each_event(stream, self._posted)))
        try:
            yield
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)

    def wait_for_id(self) -> None:
        """Keep what happens until `tell_of` says which call it is."""
        self._early = []

    def tell_of(self, queue_id: int) -> None:
        """It is this call."""
        self.queue_id = queue_id
        early, self._early = self._early or [], None
        for happening in early:
            happening()

    async def ended(self) -> bool:
        """Wait for the end of the call; False when nothing more is told of it, for the service has gone."""
        waiting = [asyncio.create_task(each.wait()) for each in (self._ended, self._deaf)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return self._ended.is_set()

    async def rest(self) -> None:
        """What is still to come once the line is dead: the end of the call, and its final post-back."""
        try:
            async with asyncio.timeout(POSTBACK_SECONDS):
                await self._ended.wait()
                if self._hears_posts and await self._posts():
                    await self._final.wait()
        except TimeoutError:
            self.say("no more news", f"after {POSTBACK_SECONDS:g} s", "yellow")

    async def _posts(self) -> bool:
        """Whether anything is posted about the call."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_POSTBACK_SECONDS):
                await self._posted_any.wait()
        return self._posted_any.is_set()

    def say(self, what: str, text: str, style: str = "") -> None:
        """Print a line."""
        seconds = time.monotonic() - self._began
        self._console.print(
            f"[dim]{seconds:6.2f} s[/]  [{style or 'default'}]{what:<14}[/] {shown(text)}", soft_wrap=True
        )

    async def _open(
        self, http: aiohttp.ClientSession, url: str, query: Mapping[str, str], message: str | None
    ) -> aiohttp.ClientResponse | None:
        timeout = aiohttp.ClientTimeout(total=None, connect=3.0)
        try:
            response = await http.get(url, params=query, headers=self._addresses.headers, timeout=timeout)
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

    async def _follow(self, feed: aiohttp.ClientResponse) -> None:
        try:
            await each_event(feed, self._happened)
        except aiohttp.ClientError:
            pass  # the service has gone; so it has when the feed just ends
        finally:
            self._deaf.set()

    def _happened(self, event: dict[str, Any]) -> None:
        if self._early is not None:
            self._early.append(lambda: self._happened(event))
            return
        if event["event"] == "lost":
            self.say("lost", f"{event['lines']} lines of all calls: this terminal was too slow", "yellow")
            return
        self.queue_id = self.queue_id or int(event["queue_id"])
        if event["queue_id"] != self.queue_id:
            return
        kind = event["event"]
        told = {name: value for name, value in event.items() if name not in ("number", "queue_id", "at", "event")}
        text = str(told.pop("text")) if "text" in told else ""
        rest = " ".join(f"{name}={value}" for name, value in told.items())
        self.say(kind, f"“{text}”" if text else rest, _STYLES.get(kind, ""))
        self.answered = self.answered or kind == "answered"
        if kind == "end":
            self._ended.set()

    def _posted(self, post: dict[str, Any]) -> None:
        if self._early is not None:
            self._early.append(lambda: self._posted(post))
            return
        fields = dict(post.get("form", []))
        if self.queue_id is None or fields.get("QueueID") != str(self.queue_id):
            return
        self._posted_any.set()
        shown = " ".join(f"{name}={value}" for name, value in fields.items() if value)
        self.say("post-back", shown, "green")
        if str(post.get("headers", {}).get("Ringpost-Final", "")).lower() == "true":
            self._final.set()


_STYLES = {
    "dialling": "bold",
    "answered": "bold green",
    "not_answered": "yellow",
    "detected": "yellow",
    "digit": "cyan",
    "jump": "magenta",
    "error": "red",
    "end": "bold",
}


async def each_event(response: aiohttp.ClientResponse, tell: Callable[[dict[str, Any]], None]) -> None:
    """Tell of each line of JSON that a stream brings, until it ends."""
    async for line in response.content:
        if line.strip() and (event := json.loads(line)):
            tell(event)
