"""Posts one post-back to its URL, and says what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime

import aiohttp
import structlog
from yarl import URL

from controller.egress.answers import read_at_most
from controller.egress.certificate import expiry_of, how_long_ago
from controller.egress.connections import over_kept_connection
from controller.egress.guard import Guard
from controller.egress.reasons import EXPIRED, answer_reason, certificate_error, is_own_shortage, reason_of
from controller.egress.urls import MalformedUrl
from controller.errors import MailRefused, MailServerAway, RingpostError, UrlRefused
from controller.postbacks.attempt import Attempt, Blame, Claimed
from controller.postbacks.encoding import CONTENT_TYPE
from controller.postbacks.schedule import parse_retry_after
from controller.postbacks.signature import Secrets, sign
from controller.postbacks.ways import HALF_AN_HOUR, Way, says_ok, way_of

log = structlog.get_logger()

LARGEST_ANSWER = 65_536  # bytes
# The status decides; the body is read only so that the connection can be used again.
ANSWER_BODY_SECONDS = 2.0
GONE = 410
NOT_OK = "the answer does not say ok"

Mailing = Callable[[str, str], Awaitable[None]]
"""Hands in a mail: to whom, and its text, the first line of which is the subject. MailServerAway, MailRefused."""


@dataclass(frozen=True, slots=True)
class PostingOptions:
    """Limits of one request in seconds: for the connection, TLS included, and for all until the answer's headers."""

    connect_seconds: float = 5.0
    total_seconds: float = 15.0


class Poster:
    """Posts through the guard. `secrets` gives a licence key's secrets by its name; `now` is the aware UTC time."""

    def __init__(
        self,
        guard: Guard,
        options: PostingOptions,
        secrets: Callable[[str], Secrets],
        now: Callable[[], datetime],
        mail: Mailing | None = None,
    ) -> None:
        """mail: hands in what is mailed; None where there is no mail server."""
        self._guard = guard
        self._options = options
        self._secrets = secrets
        self._now = now
        self._mail = mail
        self._limits = aiohttp.ClientTimeout(total=options.total_seconds, sock_connect=options.connect_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make ready for posting."""
        self._session = self._guard.session(self._guard.connector())

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, claimed: Claimed) -> Attempt:
        """Make one attempt. Never raises but for cancellation."""
        at, started = self._now(), time.monotonic()
        way = way_of(claimed.event)
        if way is Way.MAIL:
            return await self._hand_in(claimed, at, started)
        try:
            url = self._url(claimed, way)
            headers = self._headers(claimed, at, way)
            status, retry_after, ok = await self._send(way, url, claimed.body.encode(), headers)
        except Exception as error:
            reason = await self._reason(error, claimed)
            hopeless = isinstance(error, MalformedUrl)
            blame = Blame.URL if isinstance(error, RingpostError) else Blame.HOST
            if is_own_shortage(error):
                log.error("post-backs cannot be sent, for this machine is short of something", reason=reason)
                blame = Blame.NOBODY
            return Attempt(at, time.monotonic() - started, False, None, reason, blame=blame, hopeless=hopeless)
        seconds = time.monotonic() - started
        if 200 <= status < 300 and way is Way.FETCH_UNTIL_OK and not ok:
            return Attempt(at, seconds, False, status, NOT_OK, retry_after=HALF_AN_HOUR)
        if 200 <= status < 300:
            return Attempt(at, seconds, True, status)
        return Attempt(
            at,
            seconds,
            False,
            status,
            answer_reason(status),
            retry_after=parse_retry_after(retry_after, self._now()),
            blame=Blame.URL,
            hopeless=status == GONE,
            gone=status == GONE,
        )

    def _url(self, claimed: Claimed, way: Way) -> URL:
        """The URL as it is sent. UrlRefused, MalformedUrl. What a GET tells may be longer than a URL of people's."""
        if not way.fetches:
            return self._guard.check(claimed.url)
        self._guard.check(claimed.url.partition("?")[0])
        return URL(claimed.url, encoded=True)

    async def _hand_in(self, claimed: Claimed, at: datetime, started: float) -> Attempt:
        """Mail it."""
        if self._mail is None:
            return Attempt(at, 0.0, False, None, "there is no mail server", hopeless=True)
        try:
            await self._mail(claimed.url.removeprefix("mailto:"), claimed.body)
        except (MailServerAway, MailRefused) as error:
            hopeless = isinstance(error, MailRefused)
            return Attempt(at, time.monotonic() - started, False, None, str(error), hopeless=hopeless)
        return Attempt(at, time.monotonic() - started, True)

    async def _send(self, way: Way, url: URL, body: bytes, headers: dict[str, str]) -> tuple[int, str | None, bool]:
        """Send once; once more when a connection that had idled turns out to be closed (RFC 9112, 9.3.1)."""
        try:
            return await self._send_once(way, url, body, headers)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError) as error:
            if isinstance(error, aiohttp.ClientConnectorError) or not over_kept_connection():
                raise
        # Others that idle may be just as dead: over a connection of its own.
        async with self._guard.session(self._guard.connector(keep_alive=0.1)) as fresh:
            return await self._send_once(way, url, body, {**headers, "Connection": "close"}, fresh)

    async def _send_once(
        self,
        way: Way,
        url: URL,
        body: bytes,
        headers: dict[str, str],
        session: aiohttp.ClientSession | None = None,
    ) -> tuple[int, str | None, bool]:
        """The status, the Retry-After, and whether the answer says ok, which only one way asks for."""
        session = session or self._session
        assert session is not None
        async with session.request(
            "GET" if way.fetches else "POST",
            url,
            data=None if way.fetches else body,
            headers=headers,
            allow_redirects=False,
            timeout=self._limits,
        ) as response:
            ok = False
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                # Most answers are here whole, and nothing is waited for.
                async with nullcontext() if response.content.is_eof() else asyncio.timeout(ANSWER_BODY_SECONDS):
                    answer, _ = await read_at_most(response, LARGEST_ANSWER)
                ok = way is Way.FETCH_UNTIL_OK and says_ok(answer)
            return response.status, response.headers.get("Retry-After"), ok

    def _headers(self, claimed: Claimed, at: datetime, way: Way) -> dict[str, str]:
        content = {} if way.fetches else {"Content-Type": "application/json" if way is Way.JSON else CONTENT_TYPE}
        return {
            **content,
            "Ringpost-Event": claimed.event,
            "Ringpost-Sequence": str(claimed.sequence),
            "Ringpost-Final": "true" if claimed.final else "false",
            **sign(str(claimed.id), at, claimed.body, self._secrets(claimed.license_key)),
        }

    async def _reason(self, error: Exception, claimed: Claimed) -> str:
        host = URL(claimed.url).raw_host or "" if not isinstance(error, UrlRefused) else ""
        refused = certificate_error(error)
        if refused is not None and refused.verify_code == EXPIRED:
            ended = await self._certificate_end(URL(claimed.url))
            if ended is not None and ended < self._now():
                return f"TLS: certificate expired {how_long_ago(ended, self._now())}"
        return reason_of(error, host=host, timeout=self._options.total_seconds)

    async def _certificate_end(self, url: URL) -> datetime | None:
        try:
            addresses = await self._guard.resolve(url.raw_host or "", url.port or 443)
        except (OSError, UrlRefused):
            return None
        return await expiry_of(addresses[0], url.port or 443, url.raw_host or "")
