"""The socket of a telephone in a browser: SIP that is passed on to Asterisk's own WebSocket, and back.

Only who is logged in gets here, and only from the console's own pages; Asterisk's HTTP is reached by nobody else.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

import aiohttp
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from controller.api.console.gate import Gate
from controller.api.console.live import STILL_LOGGED_IN_SECONDS
from controller.api.console.visit import Visit
from controller.asterisk.browser_phones import BrowserPhone, BrowserPhones
from controller.asterisk.sip_frames import LARGEST_FRAME, refusal_of_frame, with_candidate
from controller.errors import AsteriskError, StoreError

log = structlog.get_logger()

PROTOCOL = "sip"
CONNECT_SECONDS = 5.0
HEARTBEAT_SECONDS = 20.0
LONGEST_SECONDS = 12 * 3600.0
MOST_OF_A_SESSION = 4
MOST_FRAMES_A_SECOND = 50
_NOT_LOGGED_IN = 4401


class PhoneSockets:
    """The sockets of all browsers that are telephones at this controller."""

    def __init__(self, phones: BrowserPhones, gate: Gate) -> None:
        self._phones = phones
        self._gate = gate
        self._open: set[web.WebSocketResponse] = set()
        self._of_session: Counter[str] = Counter()

    async def serve(self, visit: Visit, phone: BrowserPhone) -> web.StreamResponse:
        """Be the browser's way to Asterisk, until either closes it, the session is over, or it is half a day old."""
        if visit.request.headers.get("Origin", "") != visit.origin.base_url:
            raise web.HTTPForbidden(text="This socket is for the console's own pages.")
        browser = web.WebSocketResponse(
            protocols=(PROTOCOL,), heartbeat=HEARTBEAT_SECONDS, max_msg_size=LARGEST_FRAME, timeout=CONNECT_SECONDS
        )
        if not browser.can_prepare(visit.request):
            raise web.HTTPBadRequest(text="This address is for WebSockets.")
        if not self._phones.socket_url:
            raise web.HTTPServiceUnavailable(text="No browser is a telephone here.")
        if self._of_session[visit.token] >= MOST_OF_A_SESSION:
            raise web.HTTPTooManyRequests(text="Too many pages of this session are telephones already.")
        self._of_session[visit.token] += 1
        try:
            return await self._serve(visit, browser, phone)
        finally:
            self._of_session[visit.token] -= 1
            if not self._of_session[visit.token]:
                del self._of_session[visit.token]

    async def _serve(self, visit: Visit, browser: web.WebSocketResponse, phone: BrowserPhone) -> web.StreamResponse:
        try:
            async with self._phones.connected(phone), aiohttp.ClientSession() as http:
                async with asyncio.timeout(CONNECT_SECONDS):
                    asterisk = await http.ws_connect(
                        self._phones.socket_url, protocols=(PROTOCOL,), max_msg_size=LARGEST_FRAME
                    )
                async with asterisk:
                    await browser.prepare(visit.request)
                    await self._relay(visit, browser, asterisk, phone.name)
        except (AsteriskError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("a browser could not become a telephone", phone=phone.name, reason=str(error))
            if not browser.prepared:
                raise web.HTTPServiceUnavailable(text="Asterisk takes no telephones in browsers now.") from None
        return browser

    async def _relay(
        self, visit: Visit, browser: web.WebSocketResponse, asterisk: aiohttp.ClientWebSocketResponse, account: str
    ) -> None:
        """Pass frames on in both directions, until one of them is closed."""
        log.info("a browser is a telephone", phone=account)
        self._open.add(browser)
        code: int = WSCloseCode.GOING_AWAY
        tasks = [
            asyncio.create_task(_ask(browser, asterisk, account), name="browser-to-asterisk"),
            asyncio.create_task(_answer(asterisk, browser, self._phones.external_address), name="asterisk-to-browser"),
            asyncio.create_task(self._session_ends(visit), name="session-of-a-telephone"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=LONGEST_SECONDS)
            if tasks[2] in done:
                code = _NOT_LOGGED_IN
        finally:
            self._open.discard(browser)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(ConnectionError, TimeoutError):
                await browser.close(code=code)
            log.info("a browser is a telephone no more", phone=account)

    async def _session_ends(self, visit: Visit) -> None:
        """Return when who came in may not stay."""
        while True:
            await asyncio.sleep(STILL_LOGGED_IN_SECONDS)
            with suppress(StoreError):
                if not await self._gate.session_lasts(visit):
                    return

    async def close(self, _application: web.Application) -> None:
        """The service ends: every browser is told, and tries again."""
        for browser in tuple(self._open):
            with suppress(ConnectionError, TimeoutError):
                await browser.close(code=WSCloseCode.GOING_AWAY)


async def _ask(browser: web.WebSocketResponse, asterisk: aiohttp.ClientWebSocketResponse, account: str) -> None:
    """Pass on what the browser sends, until it is closed or sends what is not of its account."""
    loop = asyncio.get_running_loop()
    second, frames = loop.time(), 0
    async for message in browser:
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            return
        now = loop.time()
        second, frames = (now, 1) if now - second >= 1 else (second, frames + 1)
        content = _bytes(message)
        refusal = refusal_of_frame(content, account)
        if refusal or frames > MOST_FRAMES_A_SECOND:
            log.warning("a browser's SIP is refused", phone=account, reason=refusal or "it sends too much")
            return
        with suppress(ConnectionError):
            await asterisk.send_frame(content, message.type)


async def _answer(
    asterisk: aiohttp.ClientWebSocketResponse, browser: web.WebSocketResponse, external_address: str
) -> None:
    """Pass on what Asterisk sends, until it is closed."""
    async for message in asterisk:
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            return
        content = _bytes(message)
        if external_address:
            content = with_candidate(content, external_address)
        with suppress(ConnectionError):
            await browser.send_frame(content, message.type)


def _bytes(message: aiohttp.WSMessage) -> bytes:
    """What a frame holds."""
    return message.data.encode() if message.type is WSMsgType.TEXT else bytes(message.data)
