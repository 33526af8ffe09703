"""The watch over usage limits: who has reached one is held, and told so, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import NoReturn
from uuid import NAMESPACE_URL, uuid5

import structlog

from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import LicenseKey
from controller.errors import MailRefused, MailServerAway, StoreError
from controller.mail.server import MailServer
from controller.metering.prices import CurrentPrices
from controller.metering.store.standings import Standings
from controller.metering.thresholds import Threshold, reached
from controller.postbacks.outbox import Postback

log = structlog.get_logger()

LOOK_SECONDS = 2.0
AGAIN_SECONDS = 5.0
MAIL_DELAYS = (0.0, 30.0, 300.0)
MOST_MAILS = 1000

HoldsKey = Callable[[str], bool]
"""Whether a key, by its name, has reached a hard limit: nothing new goes out for it."""


HeldKeys = Callable[[], Collection[str]]
"""The names of all keys that have reached one."""


def holds_nobody(_license_key: str) -> bool:
    """Without a watch nobody is held."""
    return False


class UsageWatch:
    """Sums up the keys that have limits of minutes or money, again and again. Each controller does so for itself.

    mail: the server that warnings are handed to; None without one.
    """

    def __init__(
        self,
        standings: Standings,
        directory: CurrentDirectory,
        prices: CurrentPrices,
        mail: MailServer | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._standings = standings
        self._directory = directory
        self._prices = prices
        self._mail = mail
        self._now = now
        self._held: frozenset[str] = frozenset()
        self._mails: asyncio.Queue[tuple[EmailMessage, str]] = asyncio.Queue(MOST_MAILS)

    def holds(self, license_key: str) -> bool:
        """See `HoldsKey`. What was used in the last seconds may be missing."""
        return license_key in self._held

    def held(self) -> Collection[str]:
        """See `HeldKeys`."""
        return self._held

    async def run(self) -> NoReturn:
        """Watch until cancelled. While the database is away, who was held stays so."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_mails(), name="usage-mails")
            while True:
                try:
                    await self.look()
                except StoreError as error:
                    log.warning("usage limits are looked at later", reason=str(error))
                    await asyncio.sleep(AGAIN_SECONDS)
                await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look once at every key that has limits of minutes or money. StoreError."""
        held = set()
        for key in self._directory.snapshot.license_keys.values():
            if not key.limits.is_watched:
                continue
            standing = await self._standings.of(key.name, self._prices.list)
            for threshold in reached(key.limits, standing, self._now()):
                if threshold.level == "hard":
                    held.add(key.name)
                await self._warn(key, threshold)
        for name in held - self._held:
            log.warning("a licence key has reached a limit: nothing new goes out for it", license_key=name)
        for name in self._held - held:
            log.info("a licence key is below its limits again", license_key=name)
        self._held = frozenset(held)

    async def _warn(self, key: LicenseKey, threshold: Threshold) -> None:
        postback = _postback(key, threshold, self._prices.list.currency)
        if not await self._standings.warned(key.name, threshold, postback):
            return
        log.warning("a usage limit is reached", license_key=key.name, limit=threshold.name, level=threshold.level)
        for recipient in key.limits.warn if self._mail is not None else ():
            try:
                self._mails.put_nowait((_mail(key, threshold, self._prices.list.currency, recipient), key.name))
            except asyncio.QueueFull:
                log.warning("a mail is given up", reason="too many mails wait", license_key=key.name)

    async def _send_mails(self) -> NoReturn:
        while True:
            mail, license_key = await self._mails.get()
            await self._send(mail, license_key)

    async def _send(self, mail: EmailMessage, license_key: str) -> None:
        assert self._mail is not None
        mail["From"] = self._mail.sender
        for delay in MAIL_DELAYS:
            await asyncio.sleep(delay)
            try:
                await self._mail.hand_in(mail)
            except MailRefused as error:
                log.warning("a mail is given up", reason=str(error), license_key=license_key)
                return
            except MailServerAway as error:
                log.info("a mail waits for the mail server", reason=str(error), license_key=license_key)
                continue
            return
        log.warning("a mail is given up", reason="the mail server is away", license_key=license_key)


def _postback(key: LicenseKey, threshold: Threshold, currency: str) -> Postback | None:
    """The post-back `usage.threshold`; None for a key without a URL."""
    if not key.status_post_url:
        return None
    subject = f"usage:{key.name}:{threshold.name}:{threshold.level}:{threshold.period}"
    form = (
        ("Event", "usage.threshold"),
        ("Key", key.shown_name),
        ("Limit", threshold.name),
        ("Level", threshold.level),
        ("Used", str(threshold.used)),
        ("Of", str(threshold.limit)),
        ("Unit", _unit(threshold, currency)),
        ("Period", threshold.period),
    )
    return Postback(
        uuid5(NAMESPACE_URL, subject), subject, 1, "usage.threshold", True, key.name, key.status_post_url, form
    )


def _mail(key: LicenseKey, threshold: Threshold, currency: str, recipient: str) -> EmailMessage:
    mail = EmailMessage()
    mail["To"] = recipient
    mail["Subject"] = f"Ringpost: {key.shown_name} has reached {threshold.name} ({threshold.level})"
    unit = _unit(threshold, currency)
    stops = "Nothing new goes out for it until it is below the limit." if threshold.level == "hard" else ""
    mail.set_content(
        f"The licence key {key.shown_name} has used {threshold.used} {unit} in {threshold.period}.\n"
        f"The {threshold.level} limit {threshold.name} is {threshold.limit} {unit}. {stops}\n"
    )
    return mail


def _unit(threshold: Threshold, currency: str) -> str:
    return "minutes" if threshold.name.startswith("minutes") else currency
