"""What an administrator does to calls in progress, wherever they are: ends, transfers, hears one; ends a conference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

import structlog

from controller.asterisk.ari.client import AriClient
from controller.calls.effects.conference import end_room, end_rooms
from controller.calls.listening_in import ListeningIn
from controller.calls.live import LiveCalls
from controller.calls.store.call_lookup import CallFilter, CallLookup
from controller.calls.store.controllers import Owner
from controller.directory.routes import Routes
from controller.directory.snapshot import canonical_guid
from controller.errors import AsteriskError
from controller.numbers import try_number
from controller.store.database import Database

log = structlog.get_logger()

ORDERS = "ringpost_calls"
EVERY_CONTROLLER = "*"
ENDED_BY_ADMINISTRATOR = "ended-by-administrator"


class Ending(Enum):
    """What became of the order to end something, to listen in to it, or to transfer it."""

    DONE = auto()
    PASSED_ON = auto()
    WAITS = auto()
    OVER = auto()
    CONTROLLER_DEAD = auto()
    UNKNOWN = auto()
    BUSY = auto()
    NOBODY_WAITS = auto()


@dataclass(frozen=True, slots=True)
class EndingResult:
    """What became of the order. controllers: those that it was passed on to, or the one that is dead, by their ids."""

    ending: Ending
    controllers: tuple[str, ...] = ()


class CallAdministration:
    """Ends calls and conferences of this controller, and passes on what is another one's by NOTIFY.

    routes: which numbers a licence key may call.
    """

    def __init__(
        self,
        live: LiveCalls,
        ari: AriClient,
        database: Database,
        lookup: CallLookup,
        owner: Owner,
        listening_in: ListeningIn,
        routes: Routes,
    ) -> None:
        self._routes = routes
        self._listening_in = listening_in
        self._live = live
        self._ari = ari
        self._database = database
        self._lookup = lookup
        self._owner = owner

    async def run(self) -> None:
        """Carry out what other controllers pass on, until cancelled."""
        await self._database.listen(ORDERS, self._ordered)

    async def end_call(self, queue_id: int) -> EndingResult:
        """End a call in progress, as at a hang-up. StoreError."""
        if self._live.end_call(queue_id, ENDED_BY_ADMINISTRATOR):
            return EndingResult(Ending.DONE)
        return await self._elsewhere(queue_id, {"queue_id": queue_id})

    async def listen_in(self, queue_id: int, endpoint: str) -> EndingResult:
        """Call a phone (`PJSIP/…`) that hears a call in progress, from its answer on. StoreError.

        BUSY: somebody listens in to it already, which is told only where the call is this controller's.
        """
        begun = self._listening_in.begin(queue_id, endpoint)
        if begun is not None:
            return EndingResult(Ending.DONE if begun else Ending.BUSY)
        return await self._elsewhere(queue_id, {"listen_to": queue_id, "endpoint": endpoint})

    async def transfer(self, queue_id: int, target: str) -> EndingResult:
        """Transfer a call in progress: to a phone number, or to `sip:NAME` of a phone that its licence key may call.

        Its script is left; it goes on where it was left when nobody is reached. NOBODY_WAITS: the call was not answered
        yet, or is in a transfer or a conference already; that is told only where the call is this controller's.
        PhoneNumberInvalid for what the key may not call, with the reason. StoreError.
        """
        found = await self._lookup.find(CallFilter(queue_id=queue_id, limit=1))
        if not found:
            return EndingResult(Ending.UNKNOWN)
        number = try_number(target) or target.strip()
        if self._routes.inside(number) is None:
            self._routes.endpoint_for(number, found[0].license_key)
        begun = self._live.transfer_call(queue_id, number)
        if begun is not None:
            return EndingResult(Ending.DONE if begun else Ending.NOBODY_WAITS)
        return await self._elsewhere(queue_id, {"transfer": queue_id, "to": number})

    async def _elsewhere(self, queue_id: int, order: Mapping[str, object]) -> EndingResult:
        """Pass an order on to the controller that has the call."""
        whose = await self._lookup.whose(queue_id, self._owner.lease_seconds)
        if whose is None:
            return EndingResult(Ending.UNKNOWN)
        if whose.ended:
            return EndingResult(Ending.OVER)
        if whose.controller_id is None or whose.waits:
            return EndingResult(Ending.WAITS)
        if not whose.controller_lives:
            return EndingResult(Ending.CONTROLLER_DEAD, (whose.controller_id,))
        await self._pass_on(whose.controller_id, **order)
        return EndingResult(Ending.PASSED_ON, (whose.controller_id,))

    async def end_conference(self, license_key: str, key: str) -> EndingResult:
        """End a conference of a licence key; the scripts of its calls go on. StoreError, AsteriskError."""
        done = await end_room(self._ari, license_key, key)
        others = [
            each for each in await self._lookup.in_conference(license_key, key) if each != self._owner.controller_id
        ]
        for controller_id in others:
            await self._pass_on(controller_id, license_key=license_key, conference=key)
        if others:
            return EndingResult(Ending.PASSED_ON, tuple(others))
        return EndingResult(Ending.DONE if done else Ending.UNKNOWN)

    async def end_conferences(self, guid: str) -> None:
        """End the conference of this GUID, whosever it is, at every controller. StoreError, AsteriskError.

        Who names what is no GUID ends none.
        """
        canonical = canonical_guid(guid)
        if canonical is None:
            return
        try:
            await end_rooms(self._ari, canonical)
        finally:
            await self._pass_on(EVERY_CONTROLLER, guid=canonical)

    async def _pass_on(self, controller_id: str, **order: object) -> None:
        await self._database.execute("notify_calls", json.dumps({"controller": controller_id, **order}))

    def _ordered(self, payload: str | None) -> None:
        try:
            order = json.loads(payload or "{}")
            if order.get("controller") not in (self._owner.controller_id, EVERY_CONTROLLER):
                return
            if "queue_id" in order:
                self._live.end_call(int(order["queue_id"]), ENDED_BY_ADMINISTRATOR)
            elif "listen_to" in order:
                self._listening_in.begin(int(order["listen_to"]), str(order["endpoint"]))
            elif "transfer" in order:
                self._live.transfer_call(int(order["transfer"]), str(order["to"]))
            elif "guid" in order:
                self._live.own(self._end_rooms(str(order["guid"])))
            else:
                self._live.own(self._end_room(str(order["license_key"]), str(order["conference"])))
        except (ValueError, TypeError, KeyError, AttributeError):
            log.warning("an order about calls cannot be read")

    async def _end_rooms(self, guid: str) -> None:
        try:
            await end_rooms(self._ari, guid)
        except AsteriskError as error:
            log.warning("a conference was not ended", reason=str(error))

    async def _end_room(self, license_key: str, key: str) -> None:
        try:
            await end_room(self._ari, license_key, key)
        except AsteriskError as error:
            log.warning("a conference was not ended", license_key=license_key, reason=str(error))
