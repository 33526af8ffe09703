"""The administrator's door to outgoing calls: what is asked for, and what is no request."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from controller.api.admin_calls import CallsAdminHandler
from controller.calls.store.call_lookup import CallFilter
from tests.support.calls import KEY, CallsRoom, calls_room
from tests.support.fake_ari import FakeAri
from tests.support.outgoing import THEM, directory

TOKEN = "the administrator's"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
GOOD: dict[str, Any] = {"key": KEY.name, "number": THEM, "script": "Hello."}


@asynccontextmanager
async def door(postgres: str) -> AsyncIterator[tuple[CallsRoom, str]]:
    """The door of a controller that is not connected to its dialer, so that calls stay where they are."""
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        room.dialer.is_connected = lambda: False
        application = web.Application()
        application.add_routes(
            CallsAdminHandler(TOKEN, room.directory, room.notifications, room.administration).routes()
        )
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield room, f"http://127.0.0.1:{runner.addresses[0][1]}/admin/calls"
        finally:
            await runner.cleanup()


async def post(url: str, body: Any, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    known = {"Content-Type": "application/json", **HEADERS, **(headers or {})}
    async with aiohttp.ClientSession() as http, http.post(url, data=data, headers=known) as answer:
        text = await answer.text()
        return answer.status, json.loads(text) if answer.content_type == "application/json" else {"error": text}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"\xff\xfe",
        [],
        None,
        {},
        GOOD | {"key": "nobody"},
        GOOD | {"key": 1},
        GOOD | {"number": 12015550188},
        GOOD | {"number": "1" * 1000},
        GOOD | {"script": ""},
        GOOD | {"script": ["Hello"]},
        GOOD | {"script": r"~\Nothing()~"},
        GOOD | {"tries": 4},
        GOOD | {"tries": "2"},
        GOOD | {"tries": 10**30},
        GOOD | {"next_try_seconds": 0},
        GOOD | {"voice": -1},
        GOOD | {"at": "20261201"},
        GOOD | {"at": 5},
        GOOD | {"at": "2026-12-01T15:00:00"},
        GOOD | {"at": "tomorrow"},
        GOOD | {"status_post_url": "nonsense"},
        GOOD | {"status_post_url": "http://a/\0"},
        GOOD | {"script": "Hello \ud800"},
        GOOD | {"reference_id": "\ud800"},
        GOOD | {"something": "else"},
    ],
    ids=str,
)
async def test_what_is_no_proper_request_is_refused_with_a_reason(postgres: str, body: Any) -> None:
    async with door(postgres) as (room, url):
        status, answer = await post(url, body)
        assert status == 422
        assert answer["error"]
        assert "Traceback" not in answer["error"]
        assert await room.lookup.find(CallFilter(limit=9)) == []


async def test_a_character_set_that_nobody_knows_is_no_proper_request(postgres: str) -> None:
    async with door(postgres) as (_, url):
        status, _ = await post(url, GOOD, {"Content-Type": "application/json; charset=nonsense"})
        assert status == 422


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"at": "9999-12-31T23:59:59-05:00"},
        {"at": "0001-01-01T00:00:00+05:00"},
        {"at": "2026-12-01T15:00:00+01:00"},
        {"caller_id_name": "a\0b", "reference_id": "\0"},
        {"script": "Hello \0"},
        {"status_post_url": "https://www.example.com/status"},
    ],
    ids=str,
)
async def test_what_is_a_proper_request_is_stored(postgres: str, more: dict[str, Any]) -> None:
    async with door(postgres) as (room, url):
        status, answer = await post(url, GOOD | more)
        assert status == 202, answer
        (row,) = await room.lookup.find(CallFilter(queue_id=answer["queue_id"], limit=9))
        assert (row.their_number, row.due_at is not None) == (THEM, True)


async def test_a_time_is_kept_whatever_its_zone(postgres: str) -> None:
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)
    async with door(postgres) as (room, url):
        _, answer = await post(url, GOOD | {"at": later.astimezone(tz=None).isoformat()})
        (row,) = await room.lookup.find(CallFilter(queue_id=answer["queue_id"], limit=9))
        assert row.due_at == later


async def test_a_refusal_tells_the_code_and_the_scripts_mistakes_at_their_places(postgres: str) -> None:
    async with door(postgres) as (_, url):
        status, answer = await post(url, GOOD | {"script": "Hello.\n  ~\\Nothing()~"})
        assert (status, answer["response_code"]) == (422, 9)
        assert [(each["line"], each["column"], each["code"]) for each in answer["mistakes"]] == [
            (2, 3, "unknown-command")
        ]
        status, answer = await post(url, GOOD | {"number": "9005550199"})
        assert (status, answer["response_code"]) == (422, 28)


async def test_nobody_gets_in_without_the_token(postgres: str) -> None:
    async with door(postgres) as (_, url):
        for headers in ({"Authorization": "Bearer wrong"}, {"Authorization": ""}):
            assert (await post(url, GOOD, headers))[0] == 401
            assert (await post(f"{url}/1/cancel", None, headers))[0] == 401


async def test_a_call_is_taken_back_once(postgres: str) -> None:
    async with door(postgres) as (_, url):
        queue_id = (await post(url, GOOD))[1]["queue_id"]
        assert await post(f"{url}/{queue_id}/cancel", None) == (200, {"cancelled": True})
        assert (await post(f"{url}/{queue_id}/cancel", None))[0] == 409
        assert (await post(f"{url}/999999999999999999/cancel", None))[0] == 409


async def test_a_call_that_waits_or_is_over_or_is_unknown_is_not_ended(postgres: str) -> None:
    async with door(postgres) as (_, url):
        _, answer = await post(url, GOOD)
        status, refused = await post(f"{url}/{answer['queue_id']}/end", None)
        assert (status, "cancel it" in refused["error"]) == (409, True)
        await post(f"{url}/{answer['queue_id']}/cancel", None)
        status, refused = await post(f"{url}/{answer['queue_id']}/end", None)
        assert (status, "over already" in refused["error"]) == (409, True)
        assert (await post(f"{url}/999/end", None))[0] == 404


async def test_a_conference_that_does_not_take_place_is_not_ended(postgres: str) -> None:
    async with door(postgres) as (_, url):
        where = url.replace("/calls", "/conferences/end")
        assert (await post(where, {"key": KEY.name, "conference": "board"}))[0] == 404
        assert (await post(where, {"key": "nobody", "conference": "board"}))[0] == 422
        assert (await post(where, {"key": KEY.name}))[0] == 422
