"""Adoption: which calls a controller goes on with, closes or lets go after it has (re)connected to Asterisk.

While no controller is connected, channels stay in Stasis and nothing that happens to them is told later. So after each
connect the channels that Asterisk has are held against the calls that are live here and those that the store knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from controller.asterisk.ari.channels import ChannelState
from controller.calls.call_prompts import CallPrompts
from controller.calls.live import LiveCalls
from controller.calls.model.call import is_leg, is_ours, is_spy, is_try, listened_call, recorded_call
from controller.calls.model.order import Notification
from controller.calls.recovery.settle import settle_lost, settle_unreadable
from controller.calls.recovery.sweep import Sweep
from controller.calls.recovery.unseen import UnseenLegs
from controller.calls.session import CallSession, SessionParts
from controller.calls.store.call_lookup import CallLookup
from controller.calls.store.controllers import Owner
from controller.calls.store.queue_ids import QueueIds
from controller.calls.store.stored_calls import StoredCall
from controller.directory.current import CurrentDirectory
from controller.errors import AsteriskError, StateInvalid, StoreError

log = structlog.get_logger()

# A channel that entered Stasis just now may be in Asterisk's list before its StasisStart has reached us.
GRACE_SECONDS = 0.3
RETRY_SECONDS = 1.0
RECONCILE_SECONDS = 60.0
# A call that was claimed so shortly ago may not have begun yet.
JUST_CLAIMED_SECONDS = 30.0
TAKEN_OVER = "taken-over"


class Adoption:
    """Brings Asterisk's channels, the live sessions and the store's open calls back into agreement."""

    def __init__(
        self,
        parts: SessionParts,
        live: LiveCalls,
        lookup: CallLookup,
        owner: Owner,
        directory: CurrentDirectory,
        application: str,
        prompts_of: Callable[[str], CallPrompts],
        go_on_dialling: Callable[[CallSession, Notification], Awaitable[None]],
        sweep: Sweep,
        unseen: UnseenLegs,
        queue_ids: QueueIds,
    ) -> None:
        self._parts = parts
        self._live = live
        self._lookup = lookup
        self._owner = owner
        self._directory = directory
        self._application = application
        self._prompts_of = prompts_of
        self._go_on_dialling = go_on_dialling
        self._sweep = sweep
        self._unseen = unseen
        self._queue_ids = queue_ids
        self._one_at_a_time = asyncio.Lock()

    async def connected(self) -> None:
        """After each connect: end sessions without channel, adopt or close the store's open calls, let go the rest.

        Then what calls left in Asterisk that are over is swept. Raises AsteriskError.
        """
        async with self._one_at_a_time:
            self._unseen.is_due = True
            await self._reconcile()

    async def run(self) -> None:
        """Do the same every minute, or lease, until cancelled: an event that got lost must not leave a call open."""
        while True:
            await asyncio.sleep(min(RECONCILE_SECONDS, self._owner.lease_seconds))
            try:
                async with self._one_at_a_time:
                    if await self._reconcile() and await self._parts.log_targets.journal.flush():
                        await self._unseen.forget()
            except AsteriskError as error:
                log.info("calls are reconciled later", reason=str(error))
            except Exception:
                log.exception("calls could not be reconciled")

    async def _reconcile(self) -> bool:
        """Raises AsteriskError. False when what nobody saw could not be stored."""
        if self._unseen.is_due:
            await self._unseen.look()
        await self._agree()
        stored = await self._unseen.store_unknown(self._parts.log_targets, self._live.metrics, self._queue_ids)
        await self._sweep.run_once()
        return stored

    async def _agree(self) -> None:
        with self._live.noting() as seen:
            await self._agree_but_for(seen)

    async def _agree_but_for(self, seen: Collection[str]) -> None:
        """seen: the channels of calls that are live here at any time meanwhile: they are their sessions' business."""
        placed = set(self._live.placed_ids())
        channels = set((await self._parts.ari.applications.get(self._application)).channel_ids)
        for channel_id in placed - channels:
            self._live.gone(channel_id)
        strays = channels - set(self._live.channel_ids())
        for stored in await self._open_calls(channels):
            channel_id = stored.call.channel_id
            if channel_id in seen or stored.just_claimed:
                continue
            if channel_id not in channels or stored.asterisk not in ("", self._owner.asterisk):
                leg = await self._unseen.newest(channel_id)
                settle_lost(self._parts.log_targets, self._live.metrics, stored, leg)
                continue
            try:
                prompts = self._prompts_of(stored.call.license_key)
                session = CallSession.of_stored(self._parts, stored, prompts)
            except StateInvalid as error:
                # Its channel is let go below, to the announcement.
                settle_unreadable(self._parts.log_targets, self._live.metrics, stored, error)
                continue
            self._live.register(session)
            self._live.own(self._adopt(session, stored.notification))
            strays.discard(channel_id)
        await self._live.renew_all()
        if strays:
            await asyncio.sleep(GRACE_SECONDS)
            still_there = set((await self._parts.ari.applications.get(self._application)).channel_ids)
            for channel_id in self._unowned(strays & still_there):
                if self._live.closed:
                    return  # the calls wait for the next controller
                if not self._unowned({channel_id}):
                    continue  # a new try of the same call has its channel's id
                await self._let_go(channel_id)

    async def _let_go(self, channel_id: str) -> None:
        """See to a channel that no call owns.

        A call from outside that the store has never heard of came to a controller that died before it could take it: it
        enters the dialplan anew, and with that this controller. A channel of ours that nobody has answered yet, and a
        transfer's leg, is hung up. Any other hears the announcement.
        """
        channel = self._parts.ari.channels.get(channel_id)
        try:
            state = await channel.state()
            is_new = not is_ours(channel_id) and await self._never_taken(state)
            if channel_id in self._live:
                return
            if is_new:
                log.warning("a call that nobody took is taken", channel=channel_id)
                await channel.continue_in_dialplan(context=state.context, extension=state.extension, priority=1)
                return
            hears = listened_call(channel_id) is not None or recorded_call(channel_id) is not None
            helps = hears or is_leg(channel_id) or is_spy(channel_id)
            if helps or (is_try(channel_id) and state.state != "Up"):
                await channel.hangup()
                return
        except AsteriskError as error:
            log.info("a channel was not hung up", reason=str(error))
        except StoreError as error:
            log.warning("nobody knows whether a channel's call was taken before", reason=str(error))
        log.warning("a channel that no call owns is let go", channel=channel_id)
        await self._live.let_go(channel_id)

    async def _never_taken(self, state: ChannelState) -> bool:
        """Whether a channel came for one of our numbers, and the store knows of no call that it was. StoreError."""
        did = self._directory.snapshot.did_called(state.extension)
        if did is None:
            return False
        return not await self._lookup.knows_channel(did.number, state.id, self._owner.asterisk)

    def _unowned(self, channel_ids: set[str]) -> list[str]:
        """Those that are neither a live call's channel nor the leg of its transfer, and neither listen nor record."""
        calls, live = self._live.channel_ids(), self._live
        helps = (live.is_leg, live.listens, live.records)
        return [each for each in channel_ids if each not in calls and not any(is_one(each) for is_one in helps)]

    async def _open_calls(self, channels: Collection[str]) -> list[StoredCall]:
        """This controller's open calls, with those that it has to take over now."""
        while True:
            try:
                # Ends that are still in memory would be taken for calls that are open.
                if await self._parts.log_targets.journal.flush():
                    await self._end_those_taken_over()
                    await self._owner.take_over(channels)
                    return await self._lookup.open_calls(self._owner.controller_id, JUST_CLAIMED_SECONDS)
                log.warning("open calls are looked up when the journal is written")
            except StoreError as error:
                log.warning("open calls are looked up again", reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    async def _end_those_taken_over(self) -> None:
        """End calls that another controller closed, when the database had no sign of life of this one."""
        for queue_id in await self._owner.lost(self._live.queue_ids()):
            log.warning("a call is ended that another controller has taken over", call=queue_id)
            self._live.end_call(queue_id, TAKEN_OVER)

    async def _adopt(self, session: CallSession, notification: Notification) -> None:
        call = session.call
        with structlog.contextvars.bound_contextvars(call=call.queue_id, license_key=call.license_key):
            log.info("call adopted")
            try:
                await self._live.renew(session)
                if call.outgoing and call.answered_at is None:
                    await self._go_on_dialling(session, notification)
                else:
                    await self._live.drive(session, resumed=True)
            finally:
                self._live.release(session)
