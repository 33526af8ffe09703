"""The live calls of this controller: their sessions, the tasks that drive them, and their lease in Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import structlog

from controller.asterisk.ari.client import AriClient
from controller.asterisk.ari.events import Event
from controller.calls.metrics import CallMetrics
from controller.calls.model.call import listened_call, recorded_call
from controller.calls.session import ASTERISK_LOST, CallSession
from controller.directory.snapshot import LicenseKey
from controller.errors import AsteriskError, AsteriskNotFound, AsteriskRefused

log = structlog.get_logger()

# So often a lease is renewed within its time.
RENEWALS_PER_LEASE = 4.5
RENEW_AT_ONCE = 20
# So long the manager interface is waited for, which is connected beside ARI.
MANAGER_SECONDS = 10.0
UNAVAILABLE_CONTEXT = "ringpost-unavailable"


class ManagerInterface(Protocol):
    """What is needed of Asterisk's manager interface: see `AmiClient`."""

    async def set_variable(self, channel_id: str, name: str, value: str) -> None: ...
    async def is_bridged(self, channel_id: str) -> bool: ...
    async def wait_ready(self, timeout: float) -> None: ...


class LiveCalls:
    """Holds each live call's session by its channel, and owns every task that works on a call."""

    def __init__(self, ari: AriClient, ami: ManagerInterface, metrics: CallMetrics, lease_seconds: int) -> None:
        self.metrics = metrics
        self._ari = ari
        self._ami = ami
        self._lease_seconds = lease_seconds
        self._sessions: dict[str, CallSession] = {}
        self._unplaced: set[str] = set()
        self.closed = False
        """Whether the calls were left to the next controller: what is in Asterisk is that one's to judge."""
        self._notes: list[set[str]] = []
        self._release_handlers: list[Callable[[], None]] = []
        self._over_handlers: list[Callable[[CallSession], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    def __contains__(self, channel_id: str) -> bool:
        return channel_id in self._sessions

    def channel_ids(self) -> list[str]:
        """The channels of the calls that are live here."""
        return list(self._sessions)

    def sessions(self) -> list[CallSession]:
        """The calls that are live here, in the order in which they became known."""
        return list(self._sessions.values())

    @contextmanager
    def noting(self) -> Iterator[Collection[str]]:
        """The channels of all calls that are live here at any time while the context lasts."""
        seen = set(self._sessions)
        self._notes.append(seen)
        try:
            yield seen
        finally:
            self._notes.remove(seen)

    def queue_ids(self) -> list[int]:
        """The QueueIDs of the calls that are live here."""
        return [session.call.queue_id for session in self._sessions.values()]

    def placed_ids(self) -> list[str]:
        """Those of them that Asterisk must have: not of calls that are about to be placed."""
        return [channel_id for channel_id in self._sessions if channel_id not in self._unplaced]

    def on_route(self, route: str) -> int:
        """How many channels of this trunk the live calls have, the legs of their transfers included."""
        return sum(
            (session.call.route == route) + session.line.transfer_routes.count(route)
            for session in self._sessions.values()
        )

    def has_most_calls(self, key: LicenseKey) -> bool:
        """Whether the key has as many calls in progress as it may have at one time."""
        if key.max_calls is None:
            return False
        return sum(session.call.license_key == key.name for session in self._sessions.values()) >= key.max_calls

    def has_queue_id(self, queue_id: int) -> bool:
        """Whether the call with this QueueID is live here."""
        return any(session.call.queue_id == queue_id for session in self._sessions.values())

    def queue_id_on(self, channel_id: str) -> int | None:
        """The QueueID of the call on a channel that is live here."""
        session = self._sessions.get(channel_id)
        return session.call.queue_id if session else None

    def channel_of(self, queue_id: int) -> str | None:
        """The channel of a call that is live here."""
        found = (each for each, session in self._sessions.items() if session.call.queue_id == queue_id)
        return next(found, None)

    def channels_of(self, queue_id: int) -> tuple[str, ...]:
        """The channel of a call that is live here, and the id that the leg of a transfer has; nothing for others."""
        channel_id = self.channel_of(queue_id)
        return () if channel_id is None else channels_of(self._sessions[channel_id])

    def listens(self, channel_id: str) -> bool:
        """Whether one of the live calls is listened to by this channel."""
        queue_id = listened_call(channel_id)
        return any(
            session.call.queue_id == queue_id and session.line.listener.works for session in self._sessions.values()
        )

    def records(self, channel_id: str) -> bool:
        """Whether one of the live calls is recorded by this channel."""
        queue_id = recorded_call(channel_id)
        return queue_id is not None and self.has_queue_id(queue_id)

    def is_leg(self, channel_id: str) -> bool:
        """Whether the channel is a leg that one of the live calls has dialled."""
        return any(channel_id == session.line.fixed_id("transfer") for session in self._sessions.values())

    def own(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run this as a task that ends with the controller at the latest."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def register(self, session: CallSession, *, placed: bool = True) -> None:
        """Take a call among the live ones, from the moment it is known of; `release` must follow.

        placed: False for a call that Asterisk does not know of yet; `placed` tells when it does.
        """
        self._sessions[session.line.channel.id] = session
        for seen in self._notes:
            seen.add(session.line.channel.id)
        if not placed:
            self._unplaced.add(session.line.channel.id)
        self.metrics.live.inc()

    def on_release(self, handler: Callable[[], None]) -> None:
        """Call `handler` whenever a call is over here."""
        self._release_handlers.append(handler)

    def on_over(self, handler: Callable[[CallSession], None]) -> None:
        """Call `handler` with each call, or try of a call, that is over here."""
        self._over_handlers.append(handler)

    def placed(self, session: CallSession) -> None:
        """Asterisk has the call's channel now."""
        self._unplaced.discard(session.line.channel.id)

    def release(self, session: CallSession) -> None:
        """The call is no longer live here."""
        self._unplaced.discard(session.line.channel.id)
        if self._sessions.pop(session.line.channel.id, None) is not None:
            self.metrics.live.dec()
        session.line.answer_detection.close()
        if session.line.listener.works:
            self.own(session.line.listener.close())
        session.line.events.close()
        for told in self._over_handlers:
            told(session)
        for handler in self._release_handlers:
            handler()

    async def drive(self, session: CallSession, *, resumed: bool = False) -> None:
        """Drive the session to its end. A call that cannot go on is let go to the announcement."""
        channel_id = session.line.channel.id
        try:
            await session.run(resumed=resumed)
        except Exception:
            log.exception("a call's handler failed")
            self.metrics.ended.labels("error").inc()
            if not session.line.hung_up:
                await self.let_go(channel_id)
        else:
            self.metrics.ended.labels(session.call.end_reason).inc()
            if session.call.end_reason == ASTERISK_LOST and not session.line.hung_up:
                await self.let_go(channel_id)

    async def let_go(self, channel_id: str) -> None:
        """Send the channel back to the dialplan, where the announcement is played and the call hung up."""
        try:
            await self._ari.channels.get(channel_id).continue_in_dialplan(
                context=UNAVAILABLE_CONTEXT, extension="s", priority=1
            )
        except AsteriskNotFound:
            pass
        except AsteriskError as error:
            log.warning("a call could not be let go", reason=str(error))

    def end(self, channel_id: str, reason: str) -> bool:
        """End a live call from outside; False when it is not here."""
        session = self._sessions.get(channel_id)
        if session is None:
            return False
        session.line.end(reason)
        return True

    def end_call(self, queue_id: int, reason: str) -> bool:
        """As `end`, by the QueueID."""
        channel_id = self.channel_of(queue_id)
        return channel_id is not None and self.end(channel_id, reason)

    def transfer_call(self, queue_id: int, number: str) -> bool | None:
        """Have a live call transferred; False where it cannot be now, None when it is not here."""
        channel_id = self.channel_of(queue_id)
        return None if channel_id is None else self._sessions[channel_id].transfer(number)

    def gone(self, channel_id: str) -> None:
        """Tell the session that its channel does not exist any more (Asterisk was away, and came back without it)."""
        session = self._sessions.get(channel_id)
        if session is not None:
            session.line.events.put(Event("ChannelDestroyed", {"channel": {"id": channel_id}, "cause": 0}))

    async def renew_leases(self) -> None:
        """Tell Asterisk, again and again until cancelled, that each live call still has its controller."""
        while True:
            await asyncio.sleep(self._lease_seconds / RENEWALS_PER_LEASE)
            await self.renew_all()

    async def renew_all(self) -> None:
        """Renew the lease of every live call, some at a time."""
        slots = asyncio.Semaphore(RENEW_AT_ONCE)

        async def renew(session: CallSession) -> None:
            async with slots:
                await self.renew(session)

        await asyncio.gather(*(renew(session) for session in list(self._sessions.values())))

    async def was_dialled(self, session: CallSession) -> bool:
        """Whether Asterisk was asked to call with this channel, which has not rung yet; True when it does not say.

        Before it dials, Asterisk puts a channel into a bridge, of which ARI says nothing.
        """
        try:
            await self._ami.wait_ready(MANAGER_SECONDS)
            return await self._ami.is_bridged(session.line.channel.id)
        except AsteriskError as error:
            log.info("nobody can tell whether a call was dialled", reason=str(error))
            return True

    async def renew(self, session: CallSession) -> None:
        """Renew the lease of one call, and of the leg that it was transferred to."""
        channel_id = session.line.channel.id
        await self._renew_lease(channel_id)
        if session.call.has_leg:
            await self._renew_lease(session.line.fixed_id("transfer"))

    async def _renew_lease(self, channel_id: str) -> None:
        """Tell Asterisk that this call has its controller; one that has ended meanwhile is fine."""
        try:
            await self._ami.set_variable(channel_id, "TIMEOUT(absolute)", str(self._lease_seconds))
        except AsteriskRefused:
            pass
        except AsteriskError as error:
            log.warning("the lease of a call was not renewed", reason=str(error))

    async def close(self) -> None:
        """Stop driving calls. Until their lease ends, their channels wait in Stasis for who adopts them."""
        self.closed = True
        for session in self._sessions.values():
            session.line.hand_over()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def channels_of(session: CallSession) -> tuple[str, ...]:
    """The ids of the channels that a call may have."""
    return session.line.channel.id, session.line.fixed_id("transfer")
