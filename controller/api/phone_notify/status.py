"""The operations that tell how calls stand, and what codes, voices and version there are."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import NoParameters, operation
from controller.api.phone_notify.answers import BAD_KEY, of_standing, unknown_call
from controller.api.phone_notify.models import NotifyReturn, Response, VoiceDescription
from controller.api.phone_notify.requests import CallsOfNumber, OneCall, OneCallOfKey, SeveralCalls
from controller.api.phone_notify.response_texts import RESPONSE_TEXTS
from controller.calls.store.call_status import CallStatuses
from controller.metering.prices import CurrentPrices
from controller.numbers import try_number
from controller.script.voice_ids import VOICES

NEWEST_CALLS = 10
MOST_CALLS = 10_000
_LONGEST_ID = 18


class StatusOperations:
    """Looks calls up. version: of this software. prices: those that count."""

    def __init__(self, statuses: CallStatuses, version: str, prices: CurrentPrices) -> None:
        self._statuses = statuses
        self._version = version
        self._prices = prices

    @operation("GetQueueIDStatus")
    async def status(self, request: OneCall, caller: Caller) -> NotifyReturn:  # noqa: ARG002 (it needs no key)
        """How a call stands. It needs no licence key."""
        call = await self._statuses.one(request.queue_id)
        return of_standing(call, self._prices.list) if call else unknown_call(request.queue_id)

    @operation("GetQueueIDStatusWithAdvancedInfo")
    async def advanced_status(self, request: OneCallOfKey, caller: Caller) -> NotifyReturn:
        """How a call of the licence key stands, with its script and its variables."""
        key = caller.customer(request.license_key)
        if key is None:
            return BAD_KEY
        call = await self._statuses.one(request.queue_id, key.name)
        return of_standing(call, self._prices.list, advanced=True) if call else unknown_call(request.queue_id)

    @operation("GetQueueIDStatusesByPhoneNumber")
    async def statuses_of_number(self, request: CallsOfNumber, caller: Caller) -> tuple[NotifyReturn, ...] | None:
        """How the newest ten calls of the licence key to a number stand, newest first."""
        key = caller.customer(request.license_key)
        if key is None:
            return (BAD_KEY,)
        number = try_number(request.number or "")
        if number is None:
            return ()
        newest = await self._statuses.newest_to(number, key.name, NEWEST_CALLS)
        return tuple(of_standing(call, self._prices.list) for call in newest)

    @operation("GetMultipleQueueIdStatus")
    async def several_statuses(self, request: SeveralCalls, caller: Caller) -> tuple[NotifyReturn, ...] | None:
        """How several calls of the licence key stand, in the order that was asked for."""
        key = caller.customer(request.license_key)
        if key is None:
            return (BAD_KEY,)
        wanted = [_queue_id(text) for text in (request.queue_ids or "").split(";") if text.strip()][:MOST_CALLS]
        found = {call.queue_id: call for call in await self._statuses.of([each for each in wanted if each], key.name)}
        return tuple(
            of_standing(found[each], self._prices.list) if each in found else unknown_call(each) for each in wanted
        )

    @operation("GetResponseCodes")
    async def response_codes(self, request: NoParameters, caller: Caller) -> tuple[Response, ...] | None:  # noqa: ARG002
        """All response codes with their texts."""
        return tuple(Response(code=code, text=text) for code, text in RESPONSE_TEXTS.items())

    @operation("getVoices")
    async def voices(self, request: NoParameters, caller: Caller) -> tuple[VoiceDescription, ...] | None:  # noqa: ARG002
        """All voices."""
        return tuple(
            VoiceDescription(
                voice_id=voice.id,
                name=voice.name,
                gender=voice.gender,
                age=voice.age,
                language=voice.language,
                summary=voice.summary,
            )
            for voice in VOICES
            if voice.listed
        )

    @operation("GetVersion")
    async def version(self, request: NoParameters, caller: Caller) -> str | None:  # noqa: ARG002 (it needs neither)
        """The version of this service."""
        return self._version


def _queue_id(text: str) -> int:
    """The QueueID that is written here, 0 for what is none."""
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_ID else 0
