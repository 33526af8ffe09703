"""Refusals of the JSON interface: problem details (RFC 9457), with a stable code for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from aiohttp import web

from controller.api.bindings.refusal import Refused
from controller.api.voipms.statuses import message_of


class ApiRefused(Exception):
    """A request that is refused. code: stable, for programs; detail: for people."""

    def __init__(self, status: int, code: str, detail: str, more: Mapping[str, object] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.more = dict(more or {})


def not_found(what: str) -> ApiRefused:
    """There is no such thing, or it is another key's."""
    return ApiRefused(404, "not-found", f"There is no such {what}.")


def problem(error: ApiRefused, headers: Mapping[str, str] | None = None) -> web.Response:
    """The refusal as it is answered."""
    title = web.Response(status=error.status).reason
    told = {"title": title, "status": error.status, "code": error.code, "detail": error.detail, **error.more}
    return web.Response(
        text=json.dumps(told, ensure_ascii=False),
        status=error.status,
        content_type="application/problem+json",
        charset="utf-8",
        headers=dict(headers or {}),
    )


@contextmanager
def as_problems() -> Iterator[None]:
    """What the VoIP.ms methods refuse is refused here with the same word, written with hyphens."""
    try:
        yield
    except Refused as error:
        code = error.status.replace("_", "-").lower()
        raise ApiRefused(422, code, error.explanation or message_of(error.status)) from None
