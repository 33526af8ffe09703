"""Storing what comes in: many texts in one transaction, with all that follows from each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import uuid5

import structlog

from controller.directory.current import CurrentDirectory
from controller.directory.did_settings import UNSET
from controller.errors import StoreUnreachable
from controller.metering.store.records import write_usage
from controller.numbers import mask_number
from controller.postbacks.outbox import enqueue
from controller.store.database import Database, Transaction
from controller.store.shared_round_trip import SharedRoundTrip
from controller.texts.deliveries import deliveries_of, forwarded_body
from controller.texts.keywords import ConsentWord
from controller.texts.metrics import TextMetrics
from controller.texts.model.order import TextOrder
from controller.texts.model.text import REPLY, Text
from controller.texts.queueing import LONGEST_BODY, Queueing
from controller.texts.reports import reports_of_incoming
from controller.texts.rules import KeyRules, Rules
from controller.texts.store import incoming, opt_outs
from controller.texts.store.incoming import Arrival
from controller.texts.store.opt_outs import OptOut
from controller.texts.usage import text_usage

log = structlog.get_logger()

REST_SECONDS = 1.0


class IncomingStore:
    """Stores texts that came in. Those that come at the same time share a transaction."""

    def __init__(
        self, database: Database, directory: CurrentDirectory, rules: Rules, queueing: Queueing, metrics: TextMetrics
    ) -> None:
        self._database = database
        self._directory = directory
        self._rules = rules
        self._queueing = queueing
        self._metrics = metrics
        self._round_trip = SharedRoundTrip(self._store_all)
        self._rest_until = 0.0

    async def store(self, arrival: Arrival) -> None:
        """Store one text, and what follows from it. Returns when it is on the disk.

        StoreUnreachable at once while the database is known to be away, and when too many wait. StoreRefused for a text
        that can never be stored.
        """
        if asyncio.get_running_loop().time() < self._rest_until:
            raise StoreUnreachable("texts cannot be stored now")
        await self._round_trip.share(arrival)

    async def _store_all(self, arrivals: Sequence[Arrival]) -> Sequence[None]:
        try:
            async with self._database.transaction() as transaction:
                new = await incoming.store(transaction, arrivals)
                usage = text_usage(new)
                await enqueue(transaction, [postback for text in new for postback in reports_of_incoming(text)])
                await write_usage(transaction, usage)
                for text in _in_order(new, arrivals):
                    await self._deliver(transaction, text)
                    await self._heed(transaction, text)
        except StoreUnreachable as error:
            log.warning("texts were not stored", texts=len(arrivals), reason=str(error))
            self._rest_until = asyncio.get_running_loop().time() + REST_SECONDS
            raise
        self._metrics.received(len(new))
        self._metrics.metered(usage)
        return [None] * len(arrivals)

    async def _deliver(self, transaction: Transaction, text: Text) -> None:
        """What the switches of its number say, besides the post-back."""
        snapshot = self._directory.snapshot
        did, key = snapshot.did(text.our_number), snapshot.license_key(text.license_key)
        if did is None or key is None or did.settings is UNSET:
            return
        settings = did.settings
        mail = bool(settings.sms_email) and key.may_mail(settings.sms_email)
        if settings.sms_email_enabled and not mail:
            log.warning("a text was not mailed: `mail_to` of its licence key does not name the address", key=key.name)
        await enqueue(transaction, deliveries_of(text, settings, mail=mail))
        # A text of a number of ours is not forwarded: two numbers that forward to each other would never end.
        if settings.sms_forward_enabled and settings.sms_forward and snapshot.did(text.their_number) is None:
            order = TextOrder(
                license_key=key.name,
                recipient=settings.sms_forward,
                body=forwarded_body(text)[:LONGEST_BODY],
                sender=text.our_number,
                source="forward",
                text_id=uuid5(text.text_id, "forward"),
            )
            await self._queueing.store(transaction, [self._queueing.prepare(order)])

    async def _heed(self, transaction: Transaction, text: Text) -> None:
        """Do what a keyword asks for; what is none may have to be looked at by people."""
        key = self._directory.snapshot.license_key(text.license_key)
        if key is None:
            return
        rules = self._rules.of(key)
        keyword = rules.keyword(text.body)
        if keyword is None:
            if text.for_review:
                number = mask_number(text.their_number)
                log.warning("a text may be an opt-out", key=key.name, sender=number, text=str(text.text_id))
            return
        change = OptOut(key.name, text.their_number, did=text.our_number, body=text.body, source="text")
        match keyword.word:
            case ConsentWord.STOP:
                answered = await opt_outs.opt_out(transaction, change)
            case ConsentWord.RESUME:
                answered = await opt_outs.opt_in(transaction, change)
            case ConsentWord.HELP:
                answered = not await opt_outs.is_opted_out(transaction, key.name, text.their_number)
        if answered:
            log.info("a keyword", word=keyword.word.value, key=key.name, sender=mask_number(text.their_number))
            await self._reply(transaction, text, rules, rules.reply(keyword))

    async def _reply(self, transaction: Transaction, text: Text, rules: KeyRules, body: str) -> None:
        order = TextOrder(
            license_key=rules.key.name,
            recipient=text.their_number,
            body=body,
            sender=text.our_number,
            source=REPLY,
            text_id=uuid5(text.text_id, "reply"),
        )
        await self._queueing.store(transaction, [self._queueing.prepare(order)])


def _in_order(texts: Sequence[Text], arrivals: Sequence[Arrival]) -> list[Text]:
    """The new texts in the order in which they came."""
    places = {arrival.text_id: place for place, arrival in reversed(list(enumerate(arrivals)))}
    return sorted(texts, key=lambda text: places[text.text_id])
