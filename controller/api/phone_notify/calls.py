"""The operations that place and cancel calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.phone_notify.answers import BAD_KEY, answer, of_taken
from controller.api.phone_notify.models import AdvancedNotifyRequest, NotifyReturn
from controller.api.phone_notify.orders import numbers_of, order_of, paced, voice_of
from controller.api.phone_notify.requests import (
    CancelCall,
    CancelReference,
    ConferenceRoom,
    NotifyAdvanced,
    NotifyBasic,
    NotifyEnglish,
    NotifyMultiple,
    NotifyMultipleAdvanced,
    NotifyMultipleWithPace,
    NotifyMultipleWithReference,
    NotifyWithTransfer,
    NotifyWithTryCount,
)
from controller.calls.model.order import Order
from controller.calls.outgoing.notifications import Notifications, Taken
from controller.calls.store.call_status import CallStatuses
from controller.directory.snapshot import LicenseKey
from controller.errors import NotificationRefused

_Basic = NotifyBasic | NotifyWithTryCount | NotifyWithTransfer
_Multiple = NotifyMultiple | NotifyMultipleWithPace | NotifyMultipleWithReference


class CallOperations:
    """Places calls. end_conference: ends the room of a key. now: the time in UTC."""

    def __init__(
        self,
        notifications: Notifications,
        statuses: CallStatuses,
        end_conference: Callable[[str], Awaitable[object]],
        now: Callable[[], datetime],
    ) -> None:
        self._notifications = notifications
        self._statuses = statuses
        self._end_conference = end_conference
        self._now = now

    @operation("NotifyPhoneEnglishBasic")
    async def notify_english(self, request: NotifyEnglish, caller: Caller) -> NotifyReturn:
        """Call a number and speak a text or run a script, in the first voice, without a caller id."""
        return await self._one(caller, request.license_key, Order(request.number or "", request.text or ""))

    @operation("NotifyPhoneBasic")
    async def notify(self, request: NotifyBasic, caller: Caller) -> NotifyReturn:
        """Call a number and speak a text or run a script."""
        return await self._basic(request, caller)

    @operation("NotifyPhoneBasicWithTryCount")
    async def notify_with_tries(self, request: NotifyWithTryCount, caller: Caller) -> NotifyReturn:
        """Call a number, up to three times when nobody answers."""
        return await self._basic(request, caller, tries=request.try_count)

    @operation("NotifyPhoneBasicWithTransfer")
    async def notify_with_transfer(self, request: NotifyWithTransfer, caller: Caller) -> NotifyReturn:
        """Call a number; who is called is transferred by pressing 0."""
        return await self._basic(request, caller, transfer_number=request.transfer_number or "")

    @operation("NotifyPhoneAdvanced")
    async def notify_advanced(self, request: NotifyAdvanced, caller: Caller) -> NotifyReturn:
        """Call a number, with everything that can be said about a call."""
        (made,) = await self._advanced([request.request or AdvancedNotifyRequest()], caller)
        return made

    @operation("NotifyMultiplePhoneBasic")
    async def notify_several(self, request: NotifyMultiple, caller: Caller) -> tuple[NotifyReturn, ...] | None:
        """Call several numbers; the answers are in their order."""
        return await self._several(request, caller)

    @operation("NotifyMultiplePhoneBasicWithCPM")
    async def notify_paced(self, request: NotifyMultipleWithPace, caller: Caller) -> tuple[NotifyReturn, ...] | None:
        """Call several numbers, so many a minute."""
        return await self._several(request, caller, calls_per_minute=request.calls_per_minute)

    @operation("NotifyMultiplePhoneBasicWithCPMandReferenceID")
    async def notify_referenced(
        self, request: NotifyMultipleWithReference, caller: Caller
    ) -> tuple[NotifyReturn, ...] | None:
        """Call several numbers, so many a minute, under a reference by which they can be cancelled."""
        return await self._several(
            request, caller, calls_per_minute=request.calls_per_minute, reference_id=request.reference_id or ""
        )

    @operation("NotifyMultiplePhoneAdvanced")
    async def notify_several_advanced(
        self, request: NotifyMultipleAdvanced, caller: Caller
    ) -> tuple[NotifyReturn, ...] | None:
        """Several calls, with everything that can be said about each."""
        return tuple(await self._advanced(request.requests or (), caller))

    @operation("CancelNotify")
    async def cancel(self, request: CancelCall, caller: Caller) -> bool:
        """Cancel a call that has not begun; whether it was."""
        key = caller.customer(request.license_key)
        if key is None:
            return False
        owned = await self._statuses.one(request.queue_id, key.name)
        return owned is not None and await self._notifications.cancel(request.queue_id)

    @operation("CancelNotifyByReferenceID")
    async def cancel_reference(self, request: CancelReference, caller: Caller) -> int:
        """Cancel the calls of a reference that have not begun; how many were."""
        key = caller.customer(request.license_key)
        if key is None or not request.reference_id:
            return 0
        cancelled = 0
        for queue_id in await self._statuses.waiting_with_reference(request.reference_id, key.name):
            cancelled += await self._notifications.cancel(queue_id)
        return cancelled

    @operation("CancelConference")
    async def cancel_conference(self, request: ConferenceRoom, caller: Caller) -> None:  # noqa: ARG002 (no key in it)
        """End a conference by its key, which arrived in a post-back; the scripts of its calls go on."""
        await self._end_conference(request.conference_key or "")

    async def _one(self, caller: Caller, license_key: str | None, order: Order) -> NotifyReturn:
        key = caller.customer(license_key)
        if key is None:
            return BAD_KEY
        try:
            taken: Taken | NotificationRefused = await self._notifications.take(order, key)
        except NotificationRefused as error:
            taken = error
        return of_taken(taken, caller, demo=key.demo)

    async def _basic(
        self, request: _Basic, caller: Caller, *, tries: int = 1, transfer_number: str = ""
    ) -> NotifyReturn:
        try:
            order = _order(request, request.number or "", tries=tries, transfer_number=transfer_number)
        except NotificationRefused as error:
            return answer(error.code, complete=True)
        return await self._one(caller, request.license_key, order)

    async def _several(
        self, request: _Multiple, caller: Caller, *, calls_per_minute: int = 0, reference_id: str = ""
    ) -> tuple[NotifyReturn, ...]:
        key = caller.customer(request.license_key)
        if key is None:
            return (BAD_KEY,)
        try:
            orders = [_order(request, number, reference_id=reference_id) for number in numbers_of(request.numbers)]
        except NotificationRefused as error:
            return tuple(answer(error.code, complete=True) for _ in numbers_of(request.numbers))
        made = await self._notifications.take_all(paced(orders, calls_per_minute, self._now()), key)
        return tuple(of_taken(each, caller, demo=key.demo) for each in made)

    async def _advanced(self, requests: Sequence[AdvancedNotifyRequest], caller: Caller) -> list[NotifyReturn]:
        """Each request has a key of its own; those of one key are stored together. The answers are in order."""
        answers: list[NotifyReturn] = [BAD_KEY] * len(requests)
        by_key: dict[str, tuple[LicenseKey, list[int], list[Order]]] = {}
        for place, request in enumerate(requests):
            key = caller.customer(request.license_key)
            if key is None:
                continue
            try:
                order = order_of(request)
            except NotificationRefused as error:
                answers[place] = answer(error.code, complete=True)
                continue
            _, places, orders = by_key.setdefault(key.name, (key, [], []))
            places.append(place)
            orders.append(order)
        for key, places, orders in by_key.values():
            for place, taken in zip(places, await self._notifications.take_all(orders, key), strict=True):
                answers[place] = of_taken(taken, caller, demo=key.demo)
        return answers


def _order(
    request: _Basic | _Multiple, number: str, *, tries: int = 1, transfer_number: str = "", reference_id: str = ""
) -> Order:
    return Order(
        number=number,
        script=request.text or "",
        caller_id=request.caller_id or "",
        caller_id_name=request.caller_id_name or "",
        voice=voice_of(request.voice),
        tries=tries,
        transfer_number=transfer_number,
        reference_id=reference_id,
    )
