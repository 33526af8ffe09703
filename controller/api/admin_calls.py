"""Outgoing calls for the administrator (`ringpost call`): queue one, cancel one. Every request carries a token."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from controller.api.admin import authorise
from controller.calls.model.order import LONGEST_NAME, LONGEST_NEXT_TRY_SECONDS, LONGEST_REFERENCE, MOST_TRIES, Order
from controller.calls.outgoing.notifications import Notifications
from controller.directory.current import CurrentDirectory
from controller.errors import JournalFull, NotificationRefused, StoreError
from controller.script.parser import LONGEST_SCRIPT

_LONGEST_NUMBER = 64


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


class CallRequest(BaseModel):
    """What `POST /admin/calls` takes; see `Order`. `key`: the licence key, by its name."""

    model_config = ConfigDict(extra="forbid", strict=True)

    key: str = Field(max_length=40)
    number: str = Field(max_length=_LONGEST_NUMBER)
    script: str = Field(min_length=1, max_length=LONGEST_SCRIPT)
    caller_id: str = Field("", max_length=_LONGEST_NUMBER)
    caller_id_name: str = Field("", max_length=LONGEST_NAME)
    transfer_number: str = Field("", max_length=_LONGEST_NUMBER)
    voice: int = Field(0, ge=0, le=999)
    tries: int = Field(1, ge=1, le=MOST_TRIES)
    next_try_seconds: int = Field(60, ge=1, le=LONGEST_NEXT_TRY_SECONDS)
    at: Annotated[datetime | None, BeforeValidator(_moment)] = None
    max_call_seconds: int = Field(0, ge=0, le=86_400)
    status_post_url: Annotated[str, AfterValidator(_url)] = Field("", max_length=2000)
    reference_id: str = Field("", max_length=LONGEST_REFERENCE)

    def order(self) -> Order:
        """What is asked for."""
        return Order(**self.model_dump(exclude={"key"}))


class CallsAdminHandler:
    """Queues outgoing calls for the administrator, and takes back those that wait."""

    def __init__(self, token: str, directory: CurrentDirectory, notifications: Notifications) -> None:
        self._token = token
        self._directory = directory
        self._notifications = notifications

    def routes(self) -> list[web.RouteDef]:
        """The routes of this handler."""
        return [
            web.post("/admin/calls", self._on_call),
            web.post(r"/admin/calls/{queue_id:\d{1,18}}/cancel", self._on_cancel),
        ]

    async def _on_call(self, request: web.Request) -> web.Response:
        """202 with the QueueID; 422 with the reason, the response code and the script's mistakes; 503."""
        authorise(request, self._token)
        try:
            wanted = CallRequest.model_validate(await _json(request))
        except ValidationError as error:
            return web.json_response({"error": _told(error)}, status=422)
        key = self._directory.snapshot.license_key(wanted.key)
        if key is None:
            return web.json_response({"error": f"there is no licence key “{wanted.key}”"}, status=422)
        try:
            taken = await self._notifications.take(wanted.order(), key, strict=True)
        except NotificationRefused as error:
            answer = {"error": str(error), "response_code": error.code}
            return web.json_response(answer | {"mistakes": [asdict(each) for each in error.mistakes]}, status=422)
        except (StoreError, JournalFull) as error:
            return web.json_response({"error": str(error)}, status=503)
        mistakes = [asdict(each) for each in taken.mistakes]
        return web.json_response({"queue_id": taken.queue_id, "mistakes": mistakes}, status=202)

    async def _on_cancel(self, request: web.Request) -> web.Response:
        """200 when it was taken back, 409 when it does not wait (any more), 503."""
        authorise(request, self._token)
        try:
            cancelled = await self._notifications.cancel(int(request.match_info["queue_id"]))
        except StoreError as error:
            return web.json_response({"error": str(error)}, status=503)
        if not cancelled:
            return web.json_response({"error": "this call does not wait to be dialled"}, status=409)
        return web.json_response({"cancelled": True})


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
