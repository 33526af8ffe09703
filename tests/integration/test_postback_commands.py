"""`ringpost postbacks` and `ringpost receive` on a real database, as a person uses them."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from controller.commands.moments import read_moment
from controller.errors import RingpostError
from controller.postbacks.outbox import Postback, enqueue
from controller.resources import QUERIES
from controller.store.database import Database
from controller.store.queries import Queries
from tests.support.commands import ringpost
from tests.support.patience import LONGEST_WAIT
from tests.support.ports import free_port

PROJECT = Path(__file__).parent.parent.parent


async def test_a_postback_is_listed_shown_and_replayed(postgres: str, tmp_path: Path) -> None:
    (tmp_path / "ringpost.yaml").write_text("")
    database = await Database.connect(postgres, Queries.load(QUERIES))
    known = Postback(
        uuid4(),
        "call:1000000001",
        1,
        "call.answered",
        False,
        "acme",
        "http://127.0.0.1:1/",
        (("QueueID", "1000000001"),),
    )
    async with database.transaction() as transaction:
        await enqueue(transaction, [known])
    await database.close()
    config = ("--config", str(tmp_path))

    status, printed = await ringpost(postgres, "postbacks", "list", "--call", "1000000001", *config)
    assert (status, str(known.id)[:8] in printed) == (0, True), printed
    status, printed = await ringpost(postgres, "postbacks", "show", str(known.id), *config)
    assert (status, "call.answered" in printed) == (0, True), printed
    status, printed = await ringpost(postgres, "postbacks", "replay", str(known.id), *config)
    assert (status, "delivered anew" in printed) == (0, True), printed
    other = "http://acme:s3cret@127.0.0.1:2/Other"
    status, printed = await ringpost(postgres, "postbacks", "replay", str(known.id), "--to", other, *config)
    assert (status, "sent to http://acme:***@127.0.0.1:2/Other as post-back" in printed) == (0, True), printed
    status, printed = await ringpost(postgres, "postbacks", "list", "--json", *config)
    assert ("acme:***@127.0.0.1:2/Other" in printed, "s3cret" in printed, printed.count("call.answered")) == (
        True,
        False,
        2,
    )
    status, printed = await ringpost(postgres, "postbacks", "replay", str(known.id), "--to", "gopher://x/", *config)
    assert (status, "only http and https" in printed) == (1, True), printed
    status, printed = await ringpost(postgres, "postbacks", "stats", *config)
    assert (status, "waiting" in printed.lower()) == (0, True), printed
    status, printed = await ringpost(postgres, "postbacks", "show", str(uuid4()), *config)
    assert (status, "no post-back" in printed) == (1, True), printed


async def test_the_receiver_prints_what_arrives_and_fails_as_told() -> None:
    port = free_port("tcp")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "controller.cli", "receive", "--port", str(port), "--status", "503", "--times", "1",
        cwd=PROJECT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            assert b"Listening" in await process.stdout.readline()
            assert b"Authorization: Bearer" in await process.stdout.readline()
            async with aiohttp.ClientSession() as http:
                for expected in (503, 200):
                    async with http.post(f"http://127.0.0.1:{port}/calls", data={"QueueID": "7"}) as answer:
                        assert answer.status == expected
            assert b"QueueID=7" in await process.stdout.readline()
    finally:
        process.terminate()
        await process.communicate()


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "5 minutes", ""])
def test_what_is_no_time_is_told_with_what_is(text: str) -> None:
    with pytest.raises(RingpostError, match="how long ago"):
        read_moment(text)
