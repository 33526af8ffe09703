"""The two operations of the Dialer: a message is sent, and its sender asks what became of it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

import phonenumbers
import structlog

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.dialer.errors import (
    EXPIRED_TOKEN,
    INVALID_CREDENTIALS,
    INVALID_FIELD,
    MISSING_MESSAGE,
    MISSING_TARGET,
    MISSING_TOKEN,
    UNKNOWN_MESSAGE,
    UNKNOWN_SERVICE,
    UNKNOWN_TOKEN,
    DialerRefused,
)
from controller.api.dialer.models import (
    SERVICE,
    Answer,
    Continuation,
    Continuations,
    DialerTemplate,
    Meta,
    Result,
    SendRequest,
    StatusRequest,
    Template,
)
from controller.api.dialer.tokens import is_token, new_token
from controller.api.store.dialer_messages import DialerMessages
from controller.calls.model.order import LONGEST_REFERENCE, Order
from controller.calls.outgoing.notifications import Notifications
from controller.calls.store.call_status import CallStanding, CallStatuses
from controller.calls.store.queue_ids import QueueIds
from controller.directory.current import CurrentDirectory
from controller.directory.key_sounds import KeySounds
from controller.directory.snapshot import LicenseKey
from controller.errors import NotificationRefused, StoreError
from controller.ivr.message import DELIVERED, compile_message
from controller.line_types.line_types import LineTypes
from controller.line_types.model import LineFound, LineType
from controller.numbers import mask_number, try_number

SEND_PATH = "/process/comprehensive/gateway"
STATUS_PATH = "/process/continue"

INVALID_NUMBER = Result(action="FAIL", detail="DATA CHECK FAILED")
SUPPRESSED = Result(action="FAIL", detail="SUPPRESSED SENDING CODE")
NOT_SENT = Result(action="FAIL", detail="FAILED TO SEND TO NUMBER")
SENT = Result(action="PENDING", detail="TRANSACTION REQUIRES FURTHER ATTENTION")
UNDER_WAY = Result(action="PENDING", detail="MORE INFORMATION IS REQUIRED")
PASSED = Result(action="PASS", detail="ALL CHECKS PASSED")
NOT_DELIVERED = Result(action="FAIL", detail="MESSAGE COULD NOT BE DELIVERED")

MOST_TYPES = 100
# What programs write for the types that the interface names.
_TYPES = {
    "mobile": LineType.MOBILE,
    "wireless": LineType.MOBILE,
    "cell": LineType.MOBILE,
    "landline": LineType.LANDLINE,
    "wireline": LineType.LANDLINE,
    "voip": LineType.VOIP,
    "tollfree": LineType.TOLL_FREE,
}
_NO_LETTERS = re.compile(r"[^a-z]")

log = structlog.get_logger()


class DialerOperations:
    """Sends messages, and tells what became of them. now: the time in UTC."""

    def __init__(
        self,
        notifications: Notifications,
        statuses: CallStatuses,
        queue_ids: QueueIds,
        messages: DialerMessages,
        sounds: KeySounds,
        line_types: LineTypes,
        directory: CurrentDirectory,
        now: Callable[[], datetime],
    ) -> None:
        self._notifications = notifications
        self._statuses = statuses
        self._queue_ids = queue_ids
        self._messages = messages
        self._sounds = sounds
        self._line_types = line_types
        self._directory = directory
        self._now = now

    @operation(SEND_PATH, verb="POST")
    async def send(self, request: SendRequest, caller: Caller) -> Answer:
        """Send a message to a number, unless the number is invalid or of a type that it is not to be sent to."""
        key = caller.customer(login_of(request))
        if key is None:
            raise DialerRefused(INVALID_CREDENTIALS, "The user or the pass is wrong, or has no Dialer.")
        if (request.service or "").strip().casefold() != SERVICE.casefold():
            raise DialerRefused(UNKNOWN_SERVICE, f"The service is {SERVICE}.")
        written = ((request.target and request.target.phone) or "").strip()
        if not written:
            raise DialerRefused(MISSING_TARGET, "The number to send to stands in target.phone.")
        options = request.options and request.options.out_of_band
        suppressed = _types((options and options.suppressed_types) or ())
        sound_id = ((options and options.message) or "").strip()
        if not sound_id:
            raise DialerRefused(MISSING_MESSAGE, "The name of a message stands in options.outofband.message.")
        if await self._sounds.find(key.name, sound_id) is None:
            raise DialerRefused(UNKNOWN_MESSAGE, "This user has no message of this name.")
        queue_id, reference = self._queue_ids.take(), (request.reference or "")[:LONGEST_REFERENCE]
        meta = self._meta(queue_id, reference, key)
        number = strict_number(written)
        if number is None:
            return Answer(meta=meta, result=INVALID_NUMBER)
        found = await self._line_types.of(number, key.name)
        if is_suppressed(found, suppressed, unknown=key.dialer.suppress_unknown):
            log.info("message not sent", call=queue_id, line_type=found.type.value, source=found.source)
            return Answer(meta=meta, result=SUPPRESSED)
        token = await self._sent(Order(number, "", reference_id=reference), sound_id, key, queue_id)
        return Answer(meta=meta, result=NOT_SENT) if token is None else _pending(meta, SENT, token)

    @operation(STATUS_PATH, verb="POST")
    async def status(self, request: StatusRequest, caller: Caller) -> Answer:  # noqa: ARG002 (the token is enough)
        """What became of a message, by the token of the answer to its request."""
        token = (request.token or "").strip()
        if not token:
            raise DialerRefused(MISSING_TOKEN, "The token stands in the template of the answer to the first request.")
        message = await self._messages.find(token) if is_token(token) else None
        if message is None:
            raise DialerRefused(UNKNOWN_TOKEN, "This token belongs to no message.")
        if message.expired:
            raise DialerRefused(EXPIRED_TOKEN, f"This token was good until {_time(message.expires_at)} UTC.")
        calls = await self._statuses.of([message.queue_id])
        if not calls:
            raise DialerRefused(EXPIRED_TOKEN, "What became of this message is not kept any more.")
        key = self._directory.snapshot.license_key(message.license_key)
        meta = self._meta(message.queue_id, message.reference, key)
        result = result_of(calls[0])
        return _pending(meta, result, token) if result is UNDER_WAY else Answer(meta=meta, result=result)

    async def _sent(self, order: Order, sound_id: str, key: LicenseKey, queue_id: int) -> str | None:
        """The token of a message whose call is queued now; None where the number cannot be called."""
        settings, token = key.dialer, new_token()
        order = replace(
            order,
            caller_id=settings.caller_id,
            tries=settings.tries,
            next_try_seconds=settings.next_try_seconds,
        )
        # Noted first: nobody is called of whom nobody could ask.
        await self._messages.add(token, queue_id, key.name, order.reference_id, days=settings.token_days)
        sent = False
        try:
            message = compile_message(sound_id, settings.delivered_seconds)
            await self._notifications.take_message(order, key, message, queue_id)
            sent = True
        except NotificationRefused as error:
            log.info("message not sent", call=queue_id, number=mask_number(order.number), reason=str(error))
            return None
        finally:
            if not sent:
                with contextlib.suppress(StoreError):
                    await self._messages.remove(token)
        return token

    def _meta(self, confirmation: int, reference: str, key: LicenseKey | None) -> Meta:
        return Meta(
            confirmation=confirmation,
            reference=reference,
            service=SERVICE,
            timestamp=_time(self._now()),
            company=(key.dialer.company or key.shown_name) if key else "",
            user=key.dialer_user if key else "",
        )


def login_of(request: SendRequest) -> str:
    """The user and the password of a request as one text, as `Caller.customer` knows it; empty without both."""
    return f"{request.user or ''}\0{request.password or ''}" if request.user or request.password else ""


def strict_number(text: str) -> str | None:
    """The number in E.164 where it is one that is in use by its country's numbering plan; None for any other text."""
    number = try_number(text)
    if number is None:
        return None
    try:
        return number if phonenumbers.is_valid_number(phonenumbers.parse(number)) else None
    except phonenumbers.NumberParseException:
        return None


def is_suppressed(found: LineFound, suppressed: Iterable[LineType], *, unknown: bool) -> bool:
    """Whether a message is not sent to such a line. unknown: whether an unknown type counts as each of them."""
    types = frozenset(suppressed)
    return found.type in types or (unknown and bool(types) and found.type is LineType.UNKNOWN)


def result_of(call: CallStanding) -> Result:
    """What became of a message, by how its call stands."""
    if call.ended_at is None:
        return UNDER_WAY
    return PASSED if call.variables.get(DELIVERED) else NOT_DELIVERED


def _types(written: Iterable[str]) -> frozenset[LineType]:
    """The types of lines that are named; empty texts are passed over. DialerRefused for one that is none."""
    types = set()
    for text in list(written)[:MOST_TYPES]:
        word = _NO_LETTERS.sub("", text.lower())
        if not text.strip():
            continue
        if word not in _TYPES:
            names = ", ".join(each.value for each in LineType if each is not LineType.UNKNOWN)
            raise DialerRefused(INVALID_FIELD, f"do_not_send_to_types holds what is none of {names}.")
        types.add(_TYPES[word])
    return frozenset(types)


def _pending(meta: Meta, result: Result, token: str) -> Answer:
    template = Template(dialer=DialerTemplate(), token=token)
    continuations = Continuations(out_of_band=Continuation(url=STATUS_PATH, template=template))
    return Answer(meta=meta, result=result, continuations=continuations)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
