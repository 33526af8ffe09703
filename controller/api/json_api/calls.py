"""Calls over the JSON interface: look at them, place, cancel and end them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from controller.api.json_api.declaration import Asked, Told, api_operation
from controller.api.json_api.errors import ApiRefused, not_found
from controller.api.json_api.scopes import Scope, TokenBearer
from controller.api.json_api.values import phone_number
from controller.api.reads import Reads
from controller.calls.administration import CallAdministration, Ending
from controller.calls.model.order import LONGEST_NAME, LONGEST_NUMBER, LONGEST_REFERENCE, LONGEST_URL, MOST_TRIES, Order
from controller.calls.outgoing.notifications import Notifications
from controller.calls.store.call_lookup import CallFilter, CallLookup
from controller.calls.store.stored_calls import CallSummary
from controller.egress.urls import customer_url
from controller.errors import NotificationRefused, UrlRefused
from controller.script.parser import LONGEST_SCRIPT

MOST = 200
MOST_TRACE = 2000
QueueId = Annotated[int, Field(ge=1, le=10**18 - 1, description="The QueueID of the call.")]
ENDINGS = {
    Ending.WAITS: (409, "waits", "This call waits to be dialled: cancel it instead."),
    Ending.OVER: (409, "over", "This call is over already."),
    Ending.CONTROLLER_DEAD: (
        409,
        "controller-dead",
        "The controller of this call is silent: it is closed later.",
    ),
    Ending.BUSY: (409, "busy", "Somebody listens in to this call already."),
    Ending.NOBODY_WAITS: (
        409,
        "nobody-waits",
        "This call was not answered yet, or is in a transfer or a conference already.",
    ),
    Ending.UNKNOWN: (404, "not-found", "There is no such call."),
}


class CallsAsked(Asked):
    """Which calls. A page goes on behind the last call of the one before: `before` and `before_queue_id` name it."""

    number: Annotated[str, Field(max_length=40, description="The number of either side.")] = ""
    code: Annotated[int | None, Field(ge=0, le=99, description="The response code; needs `since`.")] = None
    since: Annotated[AwareDatetime | None, Field(description="Calls that began then or later.")] = None
    until: Annotated[AwareDatetime | None, Field(description="Calls that began before.")] = None
    live: Annotated[bool, Field(description="Only calls in progress.")] = False
    before: Annotated[AwareDatetime | None, Field(description="`began` of the last call of the page before.")] = None
    before_queue_id: Annotated[int, Field(ge=0, le=10**18 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=MOST)] = 50


class OneCall(Asked):
    """A call by its QueueID."""

    queue_id: QueueId


class Call(Told):
    """A call. Times are UTC; numbers are E.164, empty where they are withheld."""

    queue_id: int
    direction: Literal["incoming", "outgoing"]
    our_number: str
    their_number: str
    began: datetime
    answered: datetime | None
    ended: datetime | None
    end_reason: str
    response_code: int
    tries: int
    due: datetime | None = Field(description="When it is dialled at the earliest, while it waits.")


class Calls(Told):
    """Calls, the newest first. more: whether there are older ones that fit."""

    calls: tuple[Call, ...]
    more: bool


class CallEvent(Told):
    """What happened on a call: when, what (such as `say`, `digit`, `transfer`), and its particulars."""

    at: datetime
    event: str
    fields: dict[str, Any]


class CallDetail(Call):
    """A call, and the first 2,000 things that happened on it."""

    events: tuple[CallEvent, ...]


class CallOrder(Asked):
    """A call to be placed: who is called, and the script that runs."""

    number: Annotated[str, Field(min_length=1, max_length=LONGEST_NUMBER)]
    script: Annotated[str, Field(min_length=1, max_length=LONGEST_SCRIPT)]
    caller_id: Annotated[str, Field(max_length=LONGEST_NUMBER, description="Without one it is withheld.")] = ""
    caller_id_name: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    tries: Annotated[int, Field(ge=1, le=MOST_TRIES)] = 1
    at: Annotated[AwareDatetime | None, Field(description="Not before; without it at once.")] = None
    status_post_url: Annotated[str, Field(max_length=LONGEST_URL)] = ""
    reference_id: Annotated[str, Field(max_length=LONGEST_REFERENCE)] = ""


class ScriptMistake(Told):
    """A mistake in a script, or what is doubtful in it."""

    line: int
    column: int
    message: str


class CallPlaced(Told):
    """A call that is stored and will be made. mistakes: what is doubtful in its script."""

    queue_id: int
    mistakes: tuple[ScriptMistake, ...]


class CallChanged(Told):
    """The call that was ended or cancelled."""

    queue_id: int


class CallOperations:
    """Operations on calls."""

    def __init__(self, reads: Reads, notifications: Notifications, administration: CallAdministration) -> None:
        self._reads = reads
        self._notifications = notifications
        self._administration = administration

    @property
    def _lookup(self) -> CallLookup:
        return CallLookup(self._reads.database)

    @api_operation("GET", "/calls", Scope.CALLS_READ)
    async def list_calls(self, asked: CallsAsked, bearer: TokenBearer) -> Calls:
        """Calls that fit, the newest first."""
        number = phone_number("number", asked.number)
        if asked.code is not None and asked.since is None:
            raise ApiRefused(422, "invalid", "since: calls are searched by their code from a moment on")
        found = await self._lookup.find(
            CallFilter(
                number=number,
                license_key=bearer.key.name,
                since=asked.since,
                until=asked.until,
                response_code=asked.code,
                after=None if asked.before is None else (asked.before, asked.before_queue_id),
                open_only=asked.live,
                limit=asked.limit + 1,
            )
        )
        return Calls(calls=tuple(Call(**_fields(each)) for each in found[: asked.limit]), more=len(found) > asked.limit)

    @api_operation("GET", "/calls/{queue_id}", Scope.CALLS_READ)
    async def show_call(self, asked: OneCall, bearer: TokenBearer) -> CallDetail:
        """One call, and everything that happened on it."""
        call = await self._call(asked.queue_id, bearer)
        trace = (await self._lookup.trace(call.queue_id))[:MOST_TRACE]
        events = tuple(CallEvent(at=line.at, event=line.event, fields=dict(line.fields)) for line in trace)
        return CallDetail(**_fields(call), events=events)

    @api_operation("POST", "/calls", Scope.CALLS_WRITE, status=202)
    async def place_call(self, asked: CallOrder, bearer: TokenBearer) -> CallPlaced:
        """Place a call.

        It is dialled when its time has come and the paces allow. A script with mistakes is refused.
        """
        if asked.status_post_url:
            try:
                customer_url(asked.status_post_url)
            except UrlRefused as error:
                raise ApiRefused(422, "invalid", f"status_post_url: {error}") from None
        try:
            taken = await self._notifications.take(Order(**asked.model_dump()), bearer.key, strict=True)
        except NotificationRefused as error:
            mistakes = [asdict(each) for each in error.mistakes]
            more = {"response_code": int(error.code), "mistakes": mistakes}
            raise ApiRefused(422, "refused", str(error), more) from None
        mistakes_told = tuple(ScriptMistake.model_validate(each, from_attributes=True) for each in taken.mistakes)
        return CallPlaced(queue_id=taken.queue_id, mistakes=mistakes_told)

    @api_operation("POST", "/calls/{queue_id}/cancel", Scope.CALLS_WRITE, audited=True)
    async def cancel_call(self, asked: OneCall, bearer: TokenBearer) -> CallChanged:
        """Take back a call that waits to be dialled."""
        await self._call(asked.queue_id, bearer)
        if not await self._notifications.cancel(asked.queue_id):
            raise ApiRefused(409, "not-waiting", "This call does not wait to be dialled (any more).")
        return CallChanged(queue_id=asked.queue_id)

    @api_operation("POST", "/calls/{queue_id}/end", Scope.CALLS_WRITE, audited=True)
    async def end_call(self, asked: OneCall, bearer: TokenBearer) -> CallChanged:
        """End a call in progress."""
        await self._call(asked.queue_id, bearer)
        result = await self._administration.end_call(asked.queue_id)
        if result.ending in ENDINGS:
            raise ApiRefused(*ENDINGS[result.ending])
        return CallChanged(queue_id=asked.queue_id)

    async def _call(self, queue_id: int, bearer: TokenBearer) -> CallSummary:
        found = await self._lookup.find(CallFilter(queue_id=queue_id, license_key=bearer.key.name, limit=1))
        if not found:
            raise not_found("call")
        return found[0]


def _fields(call: CallSummary) -> dict[str, Any]:
    return {
        "queue_id": call.queue_id,
        "direction": call.direction,
        "our_number": call.our_number,
        "their_number": call.their_number,
        "began": call.started_at,
        "answered": call.answered_at,
        "ended": call.ended_at,
        "end_reason": call.end_reason,
        "response_code": call.response_code,
        "tries": call.tries,
        "due": call.due_at,
    }
