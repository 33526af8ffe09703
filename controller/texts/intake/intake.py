"""The intake: takes texts from the dialplan, and from its spool what came while nobody took them."""

from __future__ import annotations

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

import structlog

from controller.asterisk.ami import AmiClient
from controller.asterisk.browser_phones import BrowserPhones
from controller.asterisk.fastagi import AgiRequest
from controller.asterisk.hep import CapturedSipMessage, HepPacket
from controller.directory.current import CurrentDirectory
from controller.directory.postback_urls import PostbackKind, PostbackUrlOf, stated_url
from controller.errors import AsteriskError, AsteriskNotFound, StoreError, StoreRefused
from controller.numbers import mask_number
from controller.texts.intake.content import LONGEST_BODY, ContentRefused, text_in
from controller.texts.intake.message import SipText, number_in, number_of_uri, sip_text, spool_time
from controller.texts.intake.storing import IncomingStore
from controller.texts.metrics import TextMetrics
from controller.texts.rules import Rules
from controller.texts.segments import segment
from controller.texts.sending.answers import ID_HEADER
from controller.texts.store.incoming import Arrival
from controller.texts.text_routes import SIP

log = structlog.get_logger()

SCRIPT = "text"
"""The FastAGI script that the dialplan asks for."""

TAKEN = "RINGPOST_TAKEN"
"""The variable without which the dialplan spools the text."""

SPOOL = "ringpost-text"
"""The family of Asterisk's database that is the spool."""

STORE_SECONDS = 3.0
DRAIN_SECONDS = 5.0
# Asterisk loses the body of a MESSAGE that is longer (res_pjsip_messaging's MAX_BODY_SIZE).
ASTERISK_BODY = 1023
LONG_BODIES_AT_MOST = 500


class Intake:
    """Takes texts in, once each."""

    def __init__(
        self,
        store: IncomingStore,
        directory: CurrentDirectory,
        rules: Rules,
        ami: AmiClient,
        metrics: TextMetrics,
        secret: str,
        now: Callable[[], datetime],
        postback_url: PostbackUrlOf = stated_url,
        browsers: BrowserPhones | None = None,
    ) -> None:
        """secret: what the dialplan proves itself with. now: gives the time in UTC.

        postback_url: where texts are posted that answer none with a URL of its own.
        """
        self._store = store
        self._directory = directory
        self._rules = rules
        self._ami = ami
        self._metrics = metrics
        self._secret = secret
        self._now = now
        self._postback_url = postback_url
        self._browsers = browsers
        self._long_bodies: OrderedDict[str, bytes] = OrderedDict()

    def on_sip(self, _packet: HepPacket, message: CapturedSipMessage) -> None:
        """Keep the bodies that Asterisk loses: they are mirrored before the dialplan has their text."""
        if message.method != "MESSAGE" or not ASTERISK_BODY < len(message.body) <= LONGEST_BODY:
            return
        if not message.header(ID_HEADER):
            self._long_bodies[message.call_id] = message.body
            while len(self._long_bodies) > LONG_BODIES_AT_MOST:
                self._long_bodies.popitem(last=False)

    async def take(self, request: AgiRequest) -> None:
        """Answer the dialplan: the variable is set when the text is stored, or will never be taken."""
        secret, *fields = request.arguments or ("",)
        if not hmac.compare_digest(secret.encode(errors="replace"), self._secret.encode()):
            self._refuse("no-dialplan", "a text did not come through the dialplan")
            return
        try:
            text = sip_text(fields, self._now())
        except ValueError as error:
            self._refuse("unreadable", str(error))
            return
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self._take(text)
        except (StoreError, TimeoutError) as error:
            log.warning("a text waits in Asterisk", reason=str(error) or "the database is slow")
            return
        await request.set_variable(TAKEN, "yes")

    async def run(self) -> NoReturn:
        """Drain the spool, now and regularly: a text is there when the database, or we, were away."""
        while True:
            try:
                await self.drain()
            except AsteriskError as error:
                log.debug("the spool was not looked at", reason=str(error))
            except (StoreError, TimeoutError) as error:
                log.warning("spooled texts wait", reason=str(error) or "the database is slow")
            await asyncio.sleep(DRAIN_SECONDS)

    async def drain(self) -> None:
        """Take what the spool holds. AsteriskError, StoreError, TimeoutError: what is left waits."""
        if not self._ami.ready:
            return
        spooled = await self._ami.database_tree(SPOOL)
        for key in sorted(spooled):
            try:
                text = sip_text(spooled[key].split(","), spool_time(key))
            except ValueError as error:
                # It stays there for people to look at.
                log.error("a spooled text cannot be read", key=key, reason=str(error))
                continue
            try:
                async with asyncio.timeout(STORE_SECONDS):
                    await self._take(text)
            except StoreRefused as error:
                log.error("a spooled text cannot be stored", key=key, reason=str(error))
                continue
            try:
                await self._ami.database_delete(SPOOL, key)
            except AsteriskNotFound:
                continue
        if spooled:
            log.info("spooled texts taken", texts=len(spooled))

    async def _take(self, text: SipText) -> None:
        """Store a text, or refuse it for good. StoreError, TimeoutError: neither."""
        arrival = self._arrival(text)
        if arrival is not None:
            await self._store.store(arrival)

    def _arrival(self, text: SipText) -> Arrival | None:
        snapshot = self._directory.snapshot
        number = number_in(text.did)
        did = snapshot.did(number)
        key = did.sms if did else None
        if did is None or key is None or "sms" not in key.products:
            self._refuse("unknown-did" if did is None else "no-sms", "a text for no number of ours", to=number)
            return None
        browser = self._browsers.get(text.phone) if self._browsers and text.phone else None
        if browser and browser.owner != key.name:
            self._refuse("unknown-did", "a browser's text for a number of another licence key", to=number)
            return None
        sender = browser.number if browser else self._sender(text)
        if not sender:
            self._refuse("no-sender", "a text says not who sent it", to=number)
            return None
        body = text.body
        if text.length > len(body):
            body = self._long_bodies.pop(text.call_id, b"")
            if not body:
                reason = "too-long" if text.length > LONGEST_BODY else "body-lost"
                self._refuse(reason, f"a text of {text.length} bytes came without its body", to=number)
                return None
        try:
            content = text_in(body, text.content_type)
        except ContentRefused as error:
            self._refuse(error.reason, str(error), to=number)
            return None
        rules = self._rules.of(key)
        return Arrival(
            text_id=text.text_id(sender),
            license_key=key.name,
            did=did.number,
            sender=sender,
            body=content,
            at=text.at,
            segments=segment(content),
            for_review=rules.keyword(content) is None and rules.asks_for_review(content),
            status_post_url=self._postback_url(key, did, PostbackKind.INCOMING),
        )

    def _sender(self, text: SipText) -> str:
        """Who sent it: a phone's own number, whatever it writes; through a trunk, what stands in From."""
        if text.phone:
            phone = self._directory.snapshot.phones.get(text.phone)
            return (phone.number or SIP + phone.name) if phone else ""
        return number_of_uri(text.sender)[:100]

    def _refuse(self, reason: str, message: str, *, to: str = "") -> None:
        self._metrics.refused(reason)
        log.warning("a text was refused", reason=message, to=mask_number(to) if to else "")
