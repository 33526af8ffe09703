"""Mailing: the traces of calls whose scripts ask for them, with DebugEmail always, with ErrorEmail after an error.

An error is one in the call's trace, or a post-back of the call that did not arrive (for the vendor, too, one that times
out is one). A mail that cannot be sent is tried again a few times and then given up; the trace stays with the call.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog
from prometheus_client import CollectorRegistry, Counter

from controller.calls.model.call import Call, TraceLine
from controller.calls.store.call_lookup import CallLookup
from controller.calls.store.journal import Journal
from controller.calls.trace_mail import is_error, trace_mail
from controller.errors import MailRefused, MailServerAway, StoreError, StoreUnreachable
from controller.mail.server import MailServer
from controller.script.commands.kinds import EMAIL
from controller.script.state import State

log = structlog.get_logger()

SENDERS = 2
MOST_WAITING = 2000
# From the end of a call until its final post-back was tried once, so that its failure counts.
POSTBACK_SECONDS = 20.0
RETRY_DELAYS = (0.0, 30.0, 300.0)
# What a script may send to one address: the vendor's limit for calls with ErrorEmail.
MOST_AN_HOUR = 60
HOUR_SECONDS = 3600.0
MOST_ADDRESSES = 10_000


class TraceMailer:
    """Sends the traces of ended calls. `call_ended` never waits; what there is to do is done by `run`.

    delays: seconds before each attempt. patience: seconds until the failed post-backs of a call are asked for.
    may_mail: whether the scripts of a licence key, by its name, may have mails sent to an address.
    """

    def __init__(
        self,
        server: MailServer,
        lookup: CallLookup,
        journal: Journal,
        *,
        delays: Sequence[float] = RETRY_DELAYS,
        patience: float = POSTBACK_SECONDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        registry: CollectorRegistry | None = None,
        may_mail: Callable[[str, str], bool],
    ) -> None:
        self._server = server
        self._may_mail = may_mail
        self._lookup = lookup
        self._journal = journal
        self._delays = tuple(delays)
        self._patience = patience
        self._now = now
        self._sending = asyncio.Semaphore(SENDERS)
        self._wanted: asyncio.Queue[tuple[Call, str, str]] = asyncio.Queue(MOST_WAITING)
        self._waiting: set[asyncio.Task[None]] = set()
        self._recent: dict[str, deque[float]] = {}
        self._counted = Counter(
            "ringpost_mails", "Mails with a call's trace.", ["result"], registry=registry or CollectorRegistry()
        )

    def call_ended(self, call: Call, state: State) -> None:
        """Have the trace of a call that is over mailed to whom its script says: at most one mail for each command."""
        if not (state.debug_email or state.error_email):
            return
        try:
            self._wanted.put_nowait((call, state.debug_email, state.error_email))
        except asyncio.QueueFull:
            self._give_up(call.queue_id, "too many mails wait")

    async def run(self) -> None:
        """Send until cancelled. Mails that were not sent by then are given up."""
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    call, debug, errors = await self._wanted.get()
                    if len(self._waiting) >= MOST_WAITING:
                        self._give_up(call.queue_id, "too many mails wait")
                        continue
                    task = group.create_task(self._mail(call, debug, errors))
                    self._waiting.add(task)
                    task.add_done_callback(self._waiting.discard)
        finally:
            left = len(self._waiting) + self._wanted.qsize()
            if left:
                log.warning("mails are given up", reason="the service stops", mails=left)

    async def _mail(self, call: Call, debug: str, errors: str) -> None:
        try:
            trace = await self._trace(call.queue_id)
            if debug:
                await self._send(call, trace, debug)
            if not errors or errors.lower() == debug.lower():
                return
            if not any(is_error(line) for line in trace):
                await asyncio.sleep(self._patience)
                trace = await self._trace(call.queue_id)
            if any(is_error(line) for line in trace):
                await self._send(call, trace, errors)
        except StoreError as error:
            self._give_up(call.queue_id, str(error))
        except Exception:
            # One mail that fails in a way that nobody foresaw must not take the others, and the service, with it.
            log.exception("a mail failed")

    async def _trace(self, queue_id: int) -> list[TraceLine]:
        """As `_stored_trace`, tried again as often as a mail is while the database is away. StoreError."""
        for delay in self._delays[1:]:
            try:
                return await self._stored_trace(queue_id)
            except StoreUnreachable:
                await asyncio.sleep(delay)
        return await self._stored_trace(queue_id)

    async def _stored_trace(self, queue_id: int) -> list[TraceLine]:
        """What happened on the call, with its post-backs that did not arrive. StoreError."""
        if not await self._journal.flush():
            raise StoreUnreachable
        trace = await self._lookup.trace(queue_id)
        failed = await self._lookup.failed_postbacks(queue_id)
        for each in failed:
            message = f"the post-back {each.event} did not arrive: {each.reason}"
            trace.append(TraceLine(queue_id, len(trace) + 1, each.at, "error", {"message": message}))
        return sorted(trace, key=lambda line: line.at) if failed else trace

    async def _send(self, call: Call, trace: Sequence[TraceLine], recipient: str) -> None:
        if EMAIL.read(recipient) is None:
            self._give_up(call.queue_id, "not a valid e-mail address")
            return
        if not self._may_mail(call.license_key, recipient):
            self._give_up(call.queue_id, "the licence key does not name this address under `mail_to`")
            return
        if not self._may_have_another(recipient.lower()):
            self._give_up(call.queue_id, f"this address got {MOST_AN_HOUR} mails within an hour")
            return
        mail = trace_mail(call, trace, sender=self._server.sender, recipient=recipient, now=self._now())
        reason = ""
        for delay in self._delays:
            await asyncio.sleep(delay)
            async with self._sending:
                try:
                    await self._server.hand_in(mail)
                except MailRefused as error:
                    self._give_up(call.queue_id, str(error))
                    return
                except MailServerAway as error:
                    reason = str(error)
                    log.info("a mail waits for the mail server", call=call.queue_id, reason=reason)
                    continue
            self._counted.labels("sent").inc()
            log.info("mail sent", call=call.queue_id)
            return
        self._give_up(call.queue_id, reason)

    def _may_have_another(self, address: str) -> bool:
        """Whether an address may be sent to now; counts it."""
        now = asyncio.get_running_loop().time()
        recent = self._recent.setdefault(address, deque(maxlen=MOST_AN_HOUR))
        if len(recent) == MOST_AN_HOUR and recent[0] > now - HOUR_SECONDS:
            return False
        recent.append(now)
        if len(self._recent) > MOST_ADDRESSES:
            self._recent = {each: times for each, times in self._recent.items() if times[-1] > now - HOUR_SECONDS}
        return True

    def _give_up(self, queue_id: int, reason: str) -> None:
        self._counted.labels("given-up").inc()
        log.warning("a mail is given up", call=queue_id, reason=reason)
