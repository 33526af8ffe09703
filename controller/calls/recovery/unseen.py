"""Legs whose answer or end no controller saw, by what Asterisk has written down of them itself.

A controller that is killed has stored what happened until a moment before, and whoever takes over sees what is up then.
What lies between is in Asterisk's log of legs. With it a call ends when it ended, for its customer and for its usage;
and one that was answered and over before anybody stored it is a call as well.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from controller.asterisk.leg_log import LegLog, LoggedLeg
from controller.calls.call_log import CallLog, CallLogTargets
from controller.calls.metrics import CallMetrics
from controller.calls.model.call import WITHHELD_CALLER, Call, is_ours, transfer_of, transferring_call
from controller.calls.model.response_codes import ResponseCode
from controller.calls.store.call_lookup import CallLookup, StoredLegs
from controller.calls.store.controllers import Owner
from controller.calls.store.queue_ids import QueueIds
from controller.directory.current import CurrentDirectory
from controller.directory.did_rules import rule_of
from controller.errors import StoreError
from controller.metering.usage import UsageProduct, UsageRecord, country_of, whole_seconds
from controller.numbers import is_e164, national_digits, network_number, try_number
from controller.script.state import State

log = structlog.get_logger()

# What a controller writes down of an answer comes after Asterisk's own moment of it, by so much at most.
LATE = timedelta(seconds=60)
# Two clocks of one machine are hardly apart.
EARLY = timedelta(seconds=0.5)
# Calls that began so long before their answer are still found in the store.
LONGEST_RINGING = timedelta(hours=1)


class UnseenLegs:
    """See the module. leg_log: of the Asterisk that this controller is connected to. write: stores usage records
    (StoreError).

    The log is read after each connect, once more a while later, when what this controller let go has ended too, and
    where the end of a call turns out to be missing. A controller that sees all does not read it.
    """

    def __init__(
        self,
        leg_log: LegLog,
        lookup: CallLookup,
        directory: CurrentDirectory,
        application: str,
        owner: Owner,
        write: Callable[[Sequence[UsageRecord]], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._leg_log = leg_log
        self._lookup = lookup
        self._directory = directory
        self._application = application
        self._owner = owner
        self._write = write
        self._started_at = now()
        self.is_due = True
        """Whether what an earlier process left may not be known yet."""
        self._known = False
        self._legs: list[LoggedLeg] = []
        self._metered: set[str] = set()
        self._by_channel: dict[str, list[LoggedLeg]] = {}

    async def look(self) -> None:
        """Learn what Asterisk has written down. To be called before calls are settled.

        What was before the database knew this controller is not its business: it may have had another database.
        """
        since = self._owner.known_since
        legs = await asyncio.to_thread(self._leg_log.read)
        self._legs = [leg for leg in legs if since is not None and leg.answered_at >= since]
        by_channel: defaultdict[str, list[LoggedLeg]] = defaultdict(list)
        for leg in self._legs:
            by_channel[leg.channel_id].append(leg)
        self._by_channel = dict(by_channel)
        self._known = True

    async def forget(self) -> None:
        """What was learned has been used, and is stored."""
        self._legs, self._by_channel, self._known, self.is_due = [], {}, False, False
        await asyncio.to_thread(self._leg_log.rotate)

    async def newest(self, channel_id: str) -> LoggedLeg | None:
        """The last leg that a channel was, as far as it was answered."""
        if not self._known:
            await self.look()
        legs = self._by_channel.get(channel_id)
        return legs[-1] if legs else None

    def answered_at(self, channel_id: str) -> datetime | None:
        """When a channel was answered that is up; None if nobody knows, as of each that came in since the last look."""
        legs = self._by_channel.get(channel_id)
        return legs[-1].answered_at if legs and legs[-1].ended_at is None else None

    def ended_at(self, channel_id: str, answered_at: datetime) -> datetime | None:
        """When the leg of a channel ended that a controller took for answered at that moment; None if nobody knows."""
        for leg in reversed(self._by_channel.get(channel_id, [])):
            if leg.ended_at and leg.answered_at - LATE <= answered_at <= leg.ended_at:
                return leg.ended_at
        return None

    async def store_unknown(self, log_targets: CallLogTargets, metrics: CallMetrics, queue_ids: QueueIds) -> bool:
        """Store the calls and legs whose controller died before it could, and which are over; False if it cannot be
        done now.
        """
        over = [leg for leg in self._legs if leg.ended_at is not None and leg.answered_at < self._started_at]
        if not over:
            return True
        try:
            if not await log_targets.journal.flush():
                return False  # what waits there may be these
            calls = {leg.channel_id: leg for leg in over if self._is_call(leg)}
            if calls:
                since = min(leg.answered_at for leg in calls.values()) - LONGEST_RINGING
                for channel_id in await self._lookup.unknown_channels(calls, self._owner.asterisk, since):
                    self._close(calls[channel_id], log_targets, metrics, queue_ids)
            await self._meter_unknown(over, log_targets)
        except StoreError as error:
            log.warning("legs that nobody saw are looked for later", reason=str(error))
            return False
        return True

    async def _meter_unknown(self, over: Iterable[LoggedLeg], log_targets: CallLogTargets) -> None:
        """Meter the legs of transfers that were answered, and of which the store knows nothing. StoreError."""
        legs: defaultdict[int, list[LoggedLeg]] = defaultdict(list)
        for leg in over:
            if (queue_id := transfer_of(leg.channel_id)) is not None:
                legs[queue_id].append(leg)
        usage = [
            _usage(call, leg, self._trunk(leg))
            for call in (await self._lookup.legs_of(legs) if legs else [])
            for leg in unknown_legs(legs[call.queue_id], call.answered)
        ]
        new = [record for record in usage if record.record_id not in self._metered]
        if new:
            log.warning("transfers were answered that nobody stored", legs=len(new))
            await self._write(new)
            if log_targets.usage is not None:
                log_targets.usage.count(new)
            self._metered.update(record.record_id for record in new)

    def _trunk(self, leg: LoggedLeg) -> str:
        """The trunk that a leg goes through; empty for a phone, and for a number of ours."""
        return leg.endpoint if leg.endpoint in self._directory.snapshot.trunks else ""

    def _is_call(self, leg: LoggedLeg) -> bool:
        """Whether a leg was an incoming call that a controller of this application answered."""
        comes_in = not is_ours(leg.channel_id) or transferring_call(leg.channel_id) is not None
        return comes_in and leg.application[:3] == ("Stasis", self._application, "incoming")

    def _close(self, leg: LoggedLeg, log_targets: CallLogTargets, metrics: CallMetrics, queue_ids: QueueIds) -> None:
        did = self._directory.snapshot.did_called("".join(leg.application[3:4]))
        rule = rule_of(did) if did else None
        if did is None or rule is None:
            return
        caller = WITHHELD_CALLER if leg.withheld else network_number(leg.caller) or leg.caller
        call = Call.incoming(
            queue_ids.take(),
            license_key=rule.license_key,
            our_number=did.number,
            their_number=caller,
            channel_id=leg.channel_id,
            program=rule.program.content_hash,
            at=leg.answered_at,
            status_post_url=rule.status_post_url,
            route=self._trunk(leg),
        )
        state = State.for_incoming(
            phonenumber=national_digits(did.number),
            callerid=national_digits(caller) if is_e164(caller) else caller,
            key_seed=uuid4().hex,
        )
        log_targets.journal.keep_program(rule.program.content_hash, rule.program.source)
        record = CallLog(log_targets, call, lambda: state)
        record.answered(leg.answered_at)
        record.ended("lost", ResponseCode.INCOMING_CALL_COMPLETE, event="call.lost", at=leg.ended_at)
        metrics.ended.labels(call.end_reason).inc()
        log.warning("a call was answered, and over before anybody stored it", call=call.queue_id)


def unknown_legs(logged: Iterable[LoggedLeg], stored: Iterable[datetime]) -> list[LoggedLeg]:
    """Those of the legs that a channel was one after the other of which nothing is stored.

    stored: when legs were answered, as their controllers saw it: at Asterisk's moment, or somewhat later.
    """
    left = sorted(logged, key=lambda leg: leg.answered_at)
    for answered_at in sorted(stored, reverse=True):
        for leg in reversed(left):
            if leg.answered_at <= answered_at + EARLY:
                left.remove(leg)
                break
    return left


def _usage(call: StoredLegs, leg: LoggedLeg, route: str) -> UsageRecord:
    """The record of a transfer's leg that is over, and that nobody has stored."""
    number, ended_at = try_number(leg.called) or leg.called, leg.ended_at or leg.answered_at
    return UsageRecord(
        record_id=f"{UsageProduct.TRANSFER}:{call.queue_id}:unseen:{leg.answered_at:%Y%m%dT%H%M%S.%f}",
        license_key=call.license_key,
        product=UsageProduct.TRANSFER,
        units=whole_seconds(leg.answered_at, ended_at),
        at=ended_at,
        direction="outgoing",
        did=call.our_number,
        number=number,
        country=country_of(number),
        route=route,
        began_at=leg.answered_at,
    )
