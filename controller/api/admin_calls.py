"""Calls for the administrator: queue, cancel, end or transfer one, end a conference. Every request carries a token."""

from __future__ import annotations

import re
from dataclasses import MISSING, asdict, fields
from datetime import datetime
from typing import Annotated, Any, get_type_hints

from aiohttp import web
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from controller.api.auth import authorise_operator
from controller.calls.administration import CallAdministration, Ending, EndingResult
from controller.calls.model.order import LONGEST_NUMBER, Order, limit_of
from controller.calls.outgoing.notifications import Notifications
from controller.directory.current import CurrentDirectory
from controller.errors import AsteriskError, JournalFull, NotificationRefused, PhoneNumberInvalid, StoreError

LONGEST_KEY_NAME = 40


def _moment(text: object) -> datetime:
    """A time with its zone, ISO 8601 as text: nothing else is meant for one."""
    moment = datetime.fromisoformat(text) if isinstance(text, str) and not text.isdecimal() else None
    if moment is None or moment.tzinfo is None:
        raise ValueError("must be a time with its zone, such as 2026-12-01T15:00:00Z")
    return moment


def _url(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^\s\x00-\x1f\x7f]+", text, re.IGNORECASE):
        raise ValueError("must be a URL that starts with http:// or https://")
    return text


def _request_fields() -> dict[str, Any]:
    """The fields of an order, with their limits, as pydantic takes them."""
    kinds = get_type_hints(Order) | {
        "at": Annotated[datetime | None, BeforeValidator(_moment)],
        "status_post_url": Annotated[str, AfterValidator(_url)],
    }
    given: dict[str, Any] = {}
    for each in fields(Order):
        limit = limit_of(each)
        default = ... if each.default is MISSING else each.default
        given[each.name] = (
            kinds[each.name],
            Field(default, ge=limit.least, le=limit.most, min_length=limit.shortest, max_length=limit.longest),
        )
    return given


# What `POST /admin/calls` takes: an order, and `key`: the licence key, by its name.
CallRequest = create_model(
    "CallRequest",
    __config__=ConfigDict(extra="forbid", strict=True),
    key=(str, Field(max_length=LONGEST_KEY_NAME)),
    **_request_fields(),
)


class ConferenceRequest(BaseModel):
    """What `POST /admin/conferences/end` takes. key: the licence key, by its name; conference: what scripts call it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    key: str = Field(max_length=LONGEST_KEY_NAME)
    conference: str = Field(min_length=1, max_length=500)


class TransferRequest(BaseModel):
    """What `POST /admin/calls/ID/transfer` takes. to: a phone number, or `sip:NAME` of a phone."""

    model_config = ConfigDict(extra="forbid", strict=True)

    to: str = Field(min_length=1, max_length=LONGEST_NUMBER)


class CallsAdminHandler:
    """Queues outgoing calls for the administrator, takes back those that wait, and ends calls and conferences."""

    def __init__(
        self,
        token: str,
        directory: CurrentDirectory,
        notifications: Notifications,
        administration: CallAdministration,
    ) -> None:
        self._token = token
        self._directory = directory
        self._notifications = notifications
        self._administration = administration

    def routes(self) -> list[web.RouteDef]:
        """The routes of this handler."""
        return [
            web.post("/admin/calls", self._on_call),
            web.post(r"/admin/calls/{queue_id:\d{1,18}}/cancel", self._on_cancel),
            web.post(r"/admin/calls/{queue_id:\d{1,18}}/end", self._on_end),
            web.post(r"/admin/calls/{queue_id:\d{1,18}}/transfer", self._on_transfer),
            web.post("/admin/conferences/end", self._on_end_conference),
        ]

    async def _on_call(self, request: web.Request) -> web.Response:
        """202 with the QueueID; 422 with the reason, the response code and the script's mistakes; 503."""
        authorise_operator(request, self._token)
        try:
            given = CallRequest.model_validate(await _json(request)).model_dump()
        except ValidationError as error:
            return web.json_response({"error": _told(error)}, status=422)
        key_name = given.pop("key")
        key = self._directory.snapshot.key_declared_as(key_name)
        if key is None:
            return web.json_response({"error": f"there is no licence key “{key_name}”"}, status=422)
        try:
            taken = await self._notifications.take(Order(**given), key, strict=True)
        except NotificationRefused as error:
            answer = {"error": str(error), "response_code": error.code}
            return web.json_response(answer | {"mistakes": [asdict(each) for each in error.mistakes]}, status=422)
        except (StoreError, JournalFull) as error:
            return web.json_response({"error": str(error)}, status=503)
        mistakes = [asdict(each) for each in taken.mistakes]
        return web.json_response({"queue_id": taken.queue_id, "mistakes": mistakes}, status=202)

    async def _on_cancel(self, request: web.Request) -> web.Response:
        """200 when it was taken back, 409 when it does not wait (any more), 503."""
        authorise_operator(request, self._token)
        try:
            cancelled = await self._notifications.cancel(int(request.match_info["queue_id"]))
        except StoreError as error:
            return web.json_response({"error": str(error)}, status=503)
        if not cancelled:
            return web.json_response({"error": "this call does not wait to be dialled"}, status=409)
        return web.json_response({"cancelled": True})

    async def _on_end(self, request: web.Request) -> web.Response:
        """200 when the call is ended, here or by the controller that has it; 404, 409 with the reason, 503."""
        authorise_operator(request, self._token)
        try:
            result = await self._administration.end_call(int(request.match_info["queue_id"]))
        except StoreError as error:
            return web.json_response({"error": str(error)}, status=503)
        return _answer(result, "there is no call of this QueueID")

    async def _on_transfer(self, request: web.Request) -> web.Response:
        """200 when it is transferred, here or by the controller that has it; 404, 409, 422 with the reason, 503."""
        authorise_operator(request, self._token)
        try:
            wanted = TransferRequest.model_validate(await _json(request))
        except ValidationError as error:
            return web.json_response({"error": _told(error)}, status=422)
        try:
            result = await self._administration.transfer(int(request.match_info["queue_id"]), wanted.to)
        except PhoneNumberInvalid as error:
            return web.json_response({"error": str(error)}, status=422)
        except StoreError as error:
            return web.json_response({"error": str(error)}, status=503)
        return _answer(result, "there is no call of this QueueID", done="transferred")

    async def _on_end_conference(self, request: web.Request) -> web.Response:
        """200 when the conference is ended; 404 when the licence key has none of that name, 422, 503."""
        authorise_operator(request, self._token)
        try:
            wanted = ConferenceRequest.model_validate(await _json(request))
        except ValidationError as error:
            return web.json_response({"error": _told(error)}, status=422)
        if self._directory.snapshot.license_key(wanted.key) is None:
            return web.json_response({"error": f"there is no licence key “{wanted.key}”"}, status=422)
        try:
            result = await self._administration.end_conference(wanted.key, wanted.conference)
        except (StoreError, AsteriskError) as error:
            return web.json_response({"error": str(error)}, status=503)
        return _answer(result, f"the licence key “{wanted.key}” has no conference “{wanted.conference}” now")


def _answer(result: EndingResult, unknown: str, *, done: str = "ended") -> web.Response:
    """What became of an order, for people. done: what to say of one that was carried out."""
    controllers = ", ".join(result.controllers)
    if result.ending in (Ending.DONE, Ending.PASSED_ON):
        return web.json_response({done: True, "controllers": list(result.controllers)})
    status, reason = {
        Ending.UNKNOWN: (404, unknown),
        Ending.OVER: (409, "this call is over already"),
        Ending.BUSY: (409, "somebody listens in to this call already"),
        Ending.NOBODY_WAITS: (409, "this call was not answered yet, or is in a transfer or a conference already"),
        Ending.WAITS: (409, "this call waits to be dialled: cancel it instead"),
        Ending.CONTROLLER_DEAD: (
            409,
            f"the controller {controllers} has this call and gives no sign of life; the call is closed after its lease",
        ),
    }[result.ending]
    return web.json_response({"error": reason}, status=status)


async def _json(request: web.Request) -> Any:
    try:
        return await request.json()
    except (ValueError, RecursionError, LookupError):  # the last: a character set that nobody knows
        return None


def _told(error: ValidationError) -> str:
    """The first mistake, for people; the value itself is not told."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]
