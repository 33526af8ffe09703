"""Queueing: an order becomes a text that waits to be sent, or is refused with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from controller.asterisk.browser_phones import BrowserPhones
from controller.directory.current import CurrentDirectory
from controller.directory.postback_urls import PostbackKind, PostbackUrlOf, stated_url
from controller.directory.snapshot import Did, LicenseKey, Snapshot
from controller.errors import PhoneNumberInvalid
from controller.metering.usage_watch import HoldsKey, holds_nobody
from controller.numbers import parse_number, try_number
from controller.store.database import Database, Transaction
from controller.texts.model.order import Queued, RefusalReason, Refused, TextOrder, refused
from controller.texts.model.states import TextState
from controller.texts.model.text import REPLY
from controller.texts.rules import Rules
from controller.texts.segments import segment
from controller.texts.sending_dids import SendingDids
from controller.texts.store import outbox
from controller.texts.store.outbox import NewText
from controller.texts.text_routes import PHONE, TextRoutes

LONGEST_BODY = 1600
"""Characters: ten segments, what carriers take at most."""

LONGEST_MMS_BODY = 4096
"""Characters of a message with media, its links included."""

LONGEST_WAIT = timedelta(days=366)

SLICE = 64
"""Orders that are prepared in one turn of the event loop, in which no call gets on: a few milliseconds."""


class Queueing:
    """Takes orders of texts. Everything is decided here; SQL adds the one thing that only it knows: who opted out."""

    def __init__(
        self,
        directory: CurrentDirectory,
        database: Database,
        rules: Rules,
        now: Callable[[], datetime],
        phone_wait: timedelta = timedelta(hours=24),
        postback_url: PostbackUrlOf = stated_url,
        holds_key: HoldsKey = holds_nobody,
        browsers: BrowserPhones | None = None,
    ) -> None:
        """now: gives the time in UTC. phone_wait: how long a text waits for a phone that is not registered.

        postback_url: where results go that the order has no URL for. holds_key: whether a key has reached a limit of
        its usage. browsers: the telephones in browsers, which texts may be for.
        """
        self._directory = directory
        self._database = database
        self._rules = rules
        self._now = now
        self._phone_wait = phone_wait
        self._postback_url = postback_url
        self._holds_key = holds_key
        self._browsers = browsers
        self._sending_dids = SendingDids()

    async def queue(
        self, orders: Sequence[TextOrder], *, queue_id: int | None = None, timeout: float | None = None
    ) -> list[Queued | Refused]:
        """Queue texts in one transaction; the answers are in the order of the orders.

        queue_id: the call that asks for them. timeout: seconds, instead of the database's own. StoreUnreachable.
        """
        prepared = await self._prepare_all(orders, queue_id)
        async with self._database.transaction() as transaction:
            return await self.store(transaction, prepared, timeout)

    async def _prepare_all(self, orders: Sequence[TextOrder], queue_id: int | None) -> list[NewText | Refused]:
        """What becomes of the orders. Between slices the event loop turns: 50,000 numbers take seconds."""
        prepared: list[NewText | Refused] = []
        for start in range(0, len(orders), SLICE):
            if start:
                await asyncio.sleep(0)
            prepared += [self.prepare(order, queue_id=queue_id) for order in orders[start : start + SLICE]]
        return prepared

    async def store(
        self, transaction: Transaction, prepared: Sequence[NewText | Refused], timeout: float | None = None
    ) -> list[Queued | Refused]:
        """Store what was prepared; a text to a number that has opted out is refused. StoreUnreachable."""
        wanted = [text for text in prepared if isinstance(text, NewText)]
        texts, over = await self._within_allowance(transaction, wanted)
        stored = await outbox.queue(transaction, texts, timeout) if texts else set()
        return [
            text
            if isinstance(text, Refused)
            else Queued(text.text_id, text.sender)
            if text.text_id in stored
            else refused(RefusalReason.ALLOWANCE if text.text_id in over else RefusalReason.BLOCKED)
            for text in prepared
        ]

    async def _within_allowance(
        self, transaction: Transaction, texts: Sequence[NewText]
    ) -> tuple[list[NewText], set[UUID]]:
        """The texts that their keys' allowances reach for, the first ones of each key, and the ids of the others.

        Our answers to keywords are not counted, and always sent. StoreUnreachable.
        """
        over: set[UUID] = set()
        for name in sorted({text.license_key for text in texts if text.source != REPLY}):
            key = self._directory.snapshot.license_key(name)
            if key is None or key.limits.texts_per_day is None:
                continue
            ids = [text.text_id for text in texts if text.license_key == name and text.source != REPLY]
            over.update(ids[await outbox.left_in_day(transaction, name, ids, key.limits.texts_per_day) :])
        return [text for text in texts if text.text_id not in over], over

    def prepare(self, order: TextOrder, *, queue_id: int | None = None) -> NewText | Refused:
        """Everything about a text that is to be sent; or why it is not. Who opted out is not asked here."""
        snapshot = self._directory.snapshot
        key = snapshot.license_key(order.license_key)
        if key is None or "sms" not in key.products:
            return refused(RefusalReason.KEY_INVALID)
        if order.source != REPLY and self._holds_key(key.name):
            return refused(RefusalReason.HOLD)
        if not order.body or len(order.body) > (LONGEST_MMS_BODY if order.mms else LONGEST_BODY):
            return refused(RefusalReason.MESSAGE_INVALID)
        now = self._now()
        if order.at and not (order.at.utcoffset() == timedelta(0) and order.at <= now + LONGEST_WAIT):
            return refused(RefusalReason.NOT_UTC)
        routes = TextRoutes(snapshot, self._browsers)
        try:
            recipient = order.recipient if order.source == REPLY else parse_number(order.recipient)
        except PhoneNumberInvalid:
            return refused(RefusalReason.NUMBER_INVALID)
        did = self._sending_did(snapshot, key, order.sender, recipient)
        if isinstance(did, Refused):
            return did
        route = routes.route_to(recipient, did)
        if route is None:
            return refused(RefusalReason.NUMBER_INVALID)
        due_at = max(order.at, now) if order.at else now
        held = self._rules.of(key).held_until(
            recipient, due_at, transactional=order.transactional or order.source == REPLY
        )
        cut = segment(order.body, unicode=order.unicode, concatenate=order.concatenate)
        return NewText(
            text_id=order.text_id or uuid4(),
            license_key=key.name,
            sender=did.number,
            recipient=recipient,
            body=order.body,
            route=route,
            state=TextState.QUEUED if held is None else TextState.HELD,
            due_at=held or (due_at if order.at else None),
            expires_at=(held or due_at) + self._phone_wait if route.startswith(PHONE) else None,
            reference_id=order.reference_id,
            status_post_url=order.status_post_url or self._postback_url(key, did, PostbackKind.OUTGOING),
            segments=cut.count,
            encoding=cut.encoding,
            concatenate=order.concatenate,
            transactional=order.transactional,
            source=order.source,
            queue_id=queue_id,
            mms=order.mms,
            media=order.media,
        )

    def _sending_did(self, snapshot: Snapshot, key: LicenseKey, sender: str, recipient: str) -> Did | Refused:
        """The DID that was asked for, or the key's next one for a number of that country."""
        if sender:
            number = try_number(sender)
            did = snapshot.did(number) if number else None
            return did if did and did.sms and did.sms.name == key.name else refused(RefusalReason.DID_INVALID)
        return self._sending_dids.next_for(snapshot, key, recipient) or refused(RefusalReason.DID_REQUIRED)


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
