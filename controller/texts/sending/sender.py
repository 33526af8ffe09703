"""The sender: claims what is due, hands it to Asterisk, and stores what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NoReturn
from uuid import uuid4

import structlog

from controller.asterisk.ari.client import AriClient
from controller.asterisk.browser_phones import BrowserPhones
from controller.asterisk.hep import HepReceiver
from controller.directory.current import CurrentDirectory
from controller.errors import AsteriskNotFound, AsteriskRefused, AsteriskUnreachable, RingpostError, StoreError
from controller.metering.store.records import write_usage
from controller.metering.usage_watch import HeldKeys
from controller.numbers import mask_number
from controller.postbacks.outbox import enqueue
from controller.store.database import Database, Transaction
from controller.texts.metrics import TextMetrics
from controller.texts.model.states import RETRY_SECONDS, TRIES_AT_MOST, TextState, after_refusal
from controller.texts.model.text import Text
from controller.texts.reports import reports_of_outgoing
from controller.texts.rules import Rules
from controller.texts.sending.answers import ID_HEADER, Answers, SipAnswer
from controller.texts.sending.limits import limits_of
from controller.texts.sending.phones import RegisteredPhones
from controller.texts.store import outbox
from controller.texts.store.outbox import CHANNEL, Claim, Claims, Result
from controller.texts.text_routes import PHONE, TextRoutes
from controller.texts.usage import text_usage

log = structlog.get_logger()

LEASE_SECONDS = 90.0
"""How long a text stays with the controller that sends it; longer than any answer takes."""

UNDER_WAY_AT_MOST = 12_000
"""Texts without an answer: 300 a second for the 32 seconds that an answer may take, and some."""

AT_ONCE = 200
OF_A_LANE = 50
HANDOVERS_AT_ONCE = 64
IDLE_SECONDS = 1.0
# Fewer, larger claims.
GATHER_SECONDS = 0.01
LIMITED_SECONDS = 0.05
SWEEP_SECONDS = 5.0
SWEEP_AT_ONCE = 500
AGAIN_SECONDS = 1.0
AWAY_SECONDS = 2.0


class Sender:
    """Sends texts, until told to stop."""

    def __init__(
        self,
        database: Database,
        directory: CurrentDirectory,
        ari: AriClient,
        hep: HepReceiver,
        phones: RegisteredPhones,
        rules: Rules,
        metrics: TextMetrics,
        now: Callable[[], datetime],
        held_keys: HeldKeys = tuple,
        browsers: BrowserPhones | None = None,
    ) -> None:
        """now: gives the time in UTC. held_keys: the keys that have reached a limit of usage: their texts wait."""
        self._database = database
        self._directory = directory
        self._ari = ari
        self._phones = phones
        self._rules = rules
        self._metrics = metrics
        self._now = now
        self._held_keys = held_keys
        self._browsers = browsers
        self._claims = Claims(uuid4(), LEASE_SECONDS)
        self._answers = Answers(self._on_answer, time.monotonic)
        hep.on_sip(self._answers.on_sip)
        self._wake = asyncio.Event()
        self._results: list[Result] = []
        self._recorded = asyncio.Event()
        self._tries: dict[object, int] = {}
        self._handing_over: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(HANDOVERS_AT_ONCE)

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    async def run(self) -> None:
        """Send what is due, until cancelled. What was claimed and not handed over then is given back."""
        claiming = await self._database.planning_each_time(size=1)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._claim_and_send(claiming), name="texts-claims")
                group.create_task(self._record(), name="texts-results")
                group.create_task(self._sweep(), name="texts-sweep")
                group.create_task(self._database.listen(CHANNEL, lambda _payload: self._wake.set()), name="texts-wake")
        finally:
            await self._end()
            await claiming.close()

    async def _end(self) -> None:
        for task in self._handing_over:
            task.cancel()
        await asyncio.gather(*self._handing_over, return_exceptions=True)
        with suppress(StoreError):
            await self._record_once()

    async def _claim_and_send(self, claiming: Database) -> NoReturn:
        while True:
            self._wake.clear()
            pause = await self._claim(claiming)
            if pause < IDLE_SECONDS:
                await asyncio.sleep(pause)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _claim(self, claiming: Database) -> float:
        """One turn; gives for how many seconds nothing more is to be had."""
        room = min(AT_ONCE, UNDER_WAY_AT_MOST - len(self._answers))
        if room <= 0 or not self._ari.connected:
            return LIMITED_SECONDS if room <= 0 else IDLE_SECONDS
        try:
            async with claiming.transaction() as transaction:
                claim = await self._claims.take(
                    transaction,
                    limits_of(self._directory.snapshot),
                    self._phones.away,
                    self._held_keys(),
                    in_all=room,
                    of_a_lane=OF_A_LANE,
                )
                texts = await self._hold_for_quiet_hours(transaction, claim.texts)
                await self._report(transaction, claim.blocked)
        except StoreError as error:
            log.warning("no texts could be claimed", reason=str(error))
            return AGAIN_SECONDS
        for text in claim.blocked:
            self._metrics.sent(text.state)
        for text in texts:
            self._begin(text)
        return self._pause_after(claim)

    @staticmethod
    def _pause_after(claim: Claim) -> float:
        if claim.texts or claim.blocked:
            return GATHER_SECONDS
        return LIMITED_SECONDS if claim.more else IDLE_SECONDS

    async def _hold_for_quiet_hours(self, transaction: Transaction, texts: Sequence[Text]) -> list[Text]:
        """Those that may arrive now. The others, late because of a limit or a retry, wait for the end of the hours."""
        now, held, rest = self._now(), [], []
        for text in texts:
            key = self._directory.snapshot.license_key(text.license_key)
            transactional = text.transactional or text.is_reply
            until = self._rules.of(key).held_until(text.their_number, now, transactional=transactional) if key else None
            if until is None:
                rest.append(text)
            else:
                delay = (until - now).total_seconds()
                held.append(Result(text.text_id, TextState.HELD, delay=delay, counts=False))
        if held:
            await outbox.record(transaction, held)
        return rest

    def _begin(self, text: Text) -> None:
        self._tries[text.text_id] = text.tries
        self._answers.expect(text.text_id)
        task = asyncio.create_task(self._hand_over(text), name=f"text-{text.text_id}")
        self._handing_over.add(task)
        task.add_done_callback(self._handing_over.discard)

    async def _hand_over(self, text: Text) -> None:
        """Give a text to Asterisk. What it surely did not take waits again; for everything else the answer tells."""
        begun = False
        try:
            async with self._slots:
                routes = TextRoutes(self._directory.snapshot, self._browsers)
                if not routes.exists(text.route):
                    self._not_handed_over(text, "its phone or trunk is gone")
                    return
                sender = routes.shown_sender(text.route, text.our_number)
                begun = True
                await self._ari.endpoints.send_message(
                    to=routes.target(text.route, text.their_number),
                    # A number alone: Asterisk adds the address that the far side reaches it at.
                    sender=sender,
                    body=text.body,
                    variables={ID_HEADER: str(text.text_id)},
                )
        except AsteriskNotFound as error:
            if text.route.startswith(PHONE):
                # It left between our last look and now; with the next look, its texts stay in the outbox.
                self._answers.forget(text.text_id)
                self._finish(Result(text.text_id, TextState.QUEUED, delay=AWAY_SECONDS, counts=False))
            else:
                self._not_handed_over(text, str(error))
        except AsteriskRefused as error:
            self._not_handed_over(text, str(error))
        except AsteriskUnreachable as error:
            # Nobody knows whether Asterisk had it: the mirrored SIP tells, or the time runs out.
            log.warning("a text was handed over without an answer", text=str(text.text_id), reason=str(error))
        except asyncio.CancelledError:
            if not begun:
                self._finish(Result(text.text_id, TextState.QUEUED, counts=False))
            raise
        except RingpostError as error:
            log.warning("a text was handed over without an answer", text=str(text.text_id), reason=str(error))

    def _not_handed_over(self, text: Text, reason: str) -> None:
        number = mask_number(text.their_number)
        log.warning("Asterisk does not send a text", text=str(text.text_id), to=number, reason=reason)
        self._answers.forget(text.text_id)
        if text.tries < TRIES_AT_MOST:
            self._finish(Result(text.text_id, TextState.QUEUED, delay=RETRY_SECONDS[text.tries - 1]))
        else:
            self._finish(Result(text.text_id, TextState.REFUSED))

    def _on_answer(self, answer: SipAnswer) -> None:
        if answer.status == 0:
            self._finish(Result(answer.text_id, TextState.UNKNOWN))
        elif answer.status < 300:
            self._finish(Result(answer.text_id, TextState.ACCEPTED, answer.status))
        else:
            delay = after_refusal(answer.status, self._tries.get(answer.text_id, TRIES_AT_MOST))
            if delay is None:
                self._finish(Result(answer.text_id, TextState.REFUSED, answer.status))
            else:
                self._finish(Result(answer.text_id, TextState.QUEUED, answer.status, delay=delay))

    def _finish(self, result: Result) -> None:
        self._tries.pop(result.text_id, None)
        self._results.append(result)
        self._recorded.set()

    async def _record(self) -> NoReturn:
        while True:
            await self._recorded.wait()
            self._recorded.clear()
            try:
                await self._record_once()
            except StoreError as error:
                log.warning("results of texts wait for the database", reason=str(error), waiting=len(self._results))
                self._recorded.set()
                await asyncio.sleep(AGAIN_SECONDS)

    async def _record_once(self) -> None:
        batch = self._results[:SWEEP_AT_ONCE]
        if not batch:
            return
        async with self._database.transaction() as transaction:
            over = await outbox.record(transaction, batch)
            await self._report(transaction, over)
        del self._results[: len(batch)]
        self._metrics.metered(text_usage(over))
        for text in over:
            self._metrics.sent(text.state)
        if self._results:
            self._recorded.set()

    async def _report(self, transaction: Transaction, texts: Sequence[Text]) -> None:
        """Texts are over: what they used is written, and their customers are told. StoreError."""
        snapshot = self._directory.snapshot
        postbacks = []
        for text in texts:
            key = snapshot.license_key(text.license_key)
            postbacks += reports_of_outgoing(text, receipts=bool(key and key.texts.delivery_receipts))
        await write_usage(transaction, text_usage(texts))
        await enqueue(transaction, postbacks)

    async def _sweep(self) -> NoReturn:
        """Regularly: answers that do not come, texts of senders that died, phones that did not register in time."""
        while True:
            self._answers.give_up()
            try:
                await self._sweep_once()
            except StoreError as error:
                log.warning("texts could not be looked after", reason=str(error))
            await asyncio.sleep(SWEEP_SECONDS)

    async def _sweep_once(self) -> None:
        async with self._database.transaction() as transaction:
            over = await outbox.lose(transaction, SWEEP_AT_ONCE)
            over += await outbox.expire(transaction, SWEEP_AT_ONCE)
            await self._report(transaction, over)
            await outbox.forget_pace(transaction)
        self._metrics.metered(text_usage(over))
        for text in over:
            self._metrics.sent(text.state)
