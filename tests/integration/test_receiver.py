"""The receiver for development, over HTTP."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from controller.errors import PortInUse
from controller.postbacks.receiver import Receiver, received_line
from tests.support.patience import LONGEST_WAIT
from tests.support.receiving import receiving

HEADERS = {"Ringpost-Event": "call.completed", "Ringpost-Final": "true", "webhook-id": "1"}


async def test_what_arrives_is_listed_streamed_and_forgotten() -> None:
    async with receiving() as receiver, aiohttp.ClientSession(f"http://127.0.0.1:{receiver.port}") as http:
        async with http.get("/stream") as stream:
            assert await asyncio.wait_for(stream.content.readline(), LONGEST_WAIT) == b"\n"
            for queue_id in ("1", "2"):
                async with http.post("/calls", data={"QueueID": queue_id, "extension": ""}, headers=HEADERS) as answer:
                    assert answer.status == 200
            lines = [json.loads(await asyncio.wait_for(stream.content.readline(), LONGEST_WAIT)) for _ in range(2)]
        assert [line["form"] for line in lines] == [[["QueueID", n], ["extension", ""]] for n in ("1", "2")]
        assert lines[0]["headers"]["Ringpost-Final"] == "true"
        assert [line["repeat"] for line in lines] == [False, True]
        async with http.get("/received", params={"field": "QueueID", "value": "2"}) as listed:
            assert [post["form"][0] for post in await listed.json()] == [["QueueID", "2"]]
        async with http.delete("/received") as gone:
            assert gone.status == 204
        async with http.get("/received") as listed:
            assert await listed.json() == []


async def test_it_fails_as_it_is_told_and_for_as_long() -> None:
    async with receiving() as receiver, aiohttp.ClientSession(f"http://127.0.0.1:{receiver.port}") as http:
        behaviour = {"status": 503, "times": 1, "retry_after": 7}
        async with http.put("/behaviour", json=behaviour) as answer:
            assert answer.status == 200
        async with http.post("/calls", data=b"") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
        async with http.post("/calls", data=b"") as answer:
            assert answer.status == 200
        async with http.put("/behaviour", json={"close": True, "times": 1}) as answer:
            assert answer.status == 200
        with pytest.raises(aiohttp.ClientError):
            await http.post("/calls", data=b"")
        assert [post.answered for post in receiver.received] == [503, 200, 0]


@pytest.mark.parametrize("behaviour", [[], {"statis": 1}, {"status": 99}, {"delay": -1}, {"status": "x"}, "{"])
async def test_a_behaviour_that_is_none_is_refused(behaviour: object) -> None:
    async with receiving() as receiver, aiohttp.ClientSession(f"http://127.0.0.1:{receiver.port}") as http:
        text = behaviour if isinstance(behaviour, str) else json.dumps(behaviour)
        async with http.put("/behaviour", data=text, headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 400


async def test_a_taken_port_is_named() -> None:
    async with receiving() as receiver:
        with pytest.raises(PortInUse, match=str(receiver.port)):
            await Receiver().start(receiver.port)


async def test_a_post_is_one_line_for_a_person() -> None:
    async with receiving() as receiver, aiohttp.ClientSession(f"http://127.0.0.1:{receiver.port}") as http:
        await http.post("/calls", data={"QueueID": "1", "extension": ""}, headers=HEADERS)
        line = received_line(receiver.received[0])
    assert line == "call.completed (final)  QueueID=1  [answered 200, signature missing]"


async def test_what_arrived_is_for_who_knows_the_token_and_for_no_web_page() -> None:
    runner = await Receiver(token="s3cret").start(0)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    token = {"Authorization": "Bearer s3cret"}
    asked: list[tuple[str, str, dict[str, str], int]] = [
        ("GET", "/received", {}, 401),
        ("GET", "/stream", {"Authorization": "Bearer other"}, 401),
        ("PUT", "/behaviour", {}, 401),
        ("DELETE", "/received", {}, 401),
        ("GET", "/received", token, 200),
        ("GET", "/received", token | {"Host": "rebound.example:8090"}, 403),
        ("GET", "/received", token | {"Origin": "http://evil.example"}, 403),
        ("POST", "/calls", {"Host": "my-tunnel.example"}, 200),
        ("POST", "/calls", {"Origin": "http://evil.example"}, 403),
        ("POST", "/calls", {"Origin": "null"}, 403),
    ]
    try:
        async with aiohttp.ClientSession(url) as http:
            for method, path, headers, status in asked:
                async with http.request(method, path, headers=headers) as answer:
                    assert (method, path, headers, answer.status) == (method, path, headers, status)
    finally:
        await runner.cleanup()
