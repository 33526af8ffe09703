"""Delivery from a real outbox to real receivers on the loopback."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from controller.postbacks import lookup as ledger
from controller.postbacks.breaker import BreakerOptions
from controller.postbacks.lookup import Filters
from controller.postbacks.outbox import Postback, enqueue
from controller.postbacks.poster import PostingOptions
from controller.postbacks.receiver import Behaviour
from controller.postbacks.schedule import Schedule
from controller.store.database import Database
from tests.support.outbox import QUERIES, postback
from tests.support.patience import LONGEST_WAIT
from tests.support.receiving import QUICK, delivering, read_request, receiving, serving
from tests.support.sql import sql

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
PATIENT = PostingOptions(2 * LONGEST_WAIT, 2 * LONGEST_WAIT)
"""Whoever waited for an answer that does not come would wait longer than the test does."""


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    database = await Database.connect(postgres, QUERIES)
    yield database
    await database.close()


async def put(database: Database, *postbacks: Postback) -> None:
    async with database.transaction() as transaction:
        await enqueue(transaction, postbacks)


async def states(database: Database) -> list[str]:
    entries = await ledger.find(database, Filters(limit=10_000))
    return [entry.state for entry in reversed(entries)]


async def test_a_postback_arrives_with_its_form_its_headers_and_a_signature_that_either_secret_verifies(
    database: Database,
) -> None:
    sent = Postback(
        postback("call:7").id, "call:7", 3, "call.completed", True, "acme", "", (("QueueID", "7"), ("Name", "a ü/~é"))
    )
    async with receiving(secrets=(OLD_SECRET,)) as receiver:
        sent = replace(sent, url=f"{receiver.url}?x=1")
        await put(database, sent)
        async with delivering(database, secrets=lambda key: (SECRET, OLD_SECRET) if key == "acme" else ()):
            [received] = await receiver.wait_for(1)
    assert received.form == [("QueueID", "7"), ("Name", "a ü/~é")]
    assert received.path == "/calls?x=1"
    assert received.signature == "valid"
    assert received.headers["webhook-id"] == str(sent.id)
    assert received.headers["webhook-signature"].count("v1,") == 2
    assert received.headers["Ringpost-Event"] == "call.completed"
    assert received.headers["Ringpost-Sequence"] == "3"
    assert received.headers["Ringpost-Final"] == "true"
    assert received.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert received.headers["User-Agent"].startswith("Ringpost/")
    assert await states(database) == ["delivered"]


async def test_a_postback_queued_while_the_deliverer_idles_is_sent_at_once(database: Database) -> None:
    async with receiving() as receiver, delivering(database, replace(QUICK, poll_seconds=3600.0)):
        await put(database, postback("call:1", url=receiver.url))
        await receiver.wait_for(1)
        await put(database, postback("call:2", url=receiver.url))
        await receiver.wait_for(2)


async def test_a_failing_postback_is_repeated_with_the_same_id_until_it_succeeds(database: Database) -> None:
    async with receiving(Behaviour(status=500, times=2)) as receiver:
        await put(database, postback("call:1", url=receiver.url))
        async with delivering(database):
            received = await receiver.wait_for(3)
    assert len({post.headers["webhook-id"] for post in received}) == 1
    [entry] = await ledger.find(database, Filters())
    shown = await ledger.show(database, entry.id)
    assert shown is not None
    assert [attempt.reason for attempt in shown[1]] == ["answered 500 Internal Server Error"] * 2 + [""]
    assert shown[0].state == "delivered"


async def test_after_the_last_attempt_of_the_schedule_a_postback_is_given_up_and_a_replay_revives_it(
    database: Database,
) -> None:
    sent = postback("call:1")
    async with receiving(Behaviour(status=503)) as receiver:
        await put(database, replace(sent, url=receiver.url))
        async with delivering(database):
            await receiver.wait_for(4)
        [entry] = await ledger.find(database, Filters(state="failed"))
        assert (entry.id, entry.tries, entry.reason) == (sent.id, 4, "answered 503 Service Unavailable")
        receiver.receiver.behaviour = Behaviour()
        assert await ledger.replay(database, sent.id)
        async with delivering(database):
            await receiver.wait_for(5)
    assert await states(database) == ["delivered"]


async def test_the_failed_of_a_period_are_replayed_together(database: Database) -> None:
    async with receiving(Behaviour(status=410)) as receiver:
        await put(database, *[postback(f"call:{n}", url=receiver.url) for n in range(20)])
        async with delivering(database):
            await receiver.wait_for(1)
        async with delivering(database):
            await _until_idle(database)
        failed = await ledger.find(database, Filters(state="failed", limit=100))
        assert len(failed) == 20
        receiver.receiver.behaviour = Behaviour()
        begun = min(entry.created_at for entry in failed)
        [now] = await sql(database, "SELECT now()")
        assert await ledger.replay_failed(database, begun, now[0]) == 20
        async with delivering(database):
            await receiver.wait_until(
                lambda posts: len({p.headers["webhook-id"] for p in posts if p.answered == 200}) == 20
            )
    assert await states(database) == ["delivered"] * 20


async def _until_idle(database: Database) -> None:
    """Until nothing waits in the outbox: asked again at each notification or a short time-out."""
    changed = asyncio.Event()
    async with asyncio.timeout(LONGEST_WAIT):
        while await sql(database, "SELECT 1 FROM postback_outbox LIMIT 1"):
            try:
                await asyncio.wait_for(changed.wait(), 0.05)
            except TimeoutError:
                continue


async def test_410_stops_the_url_and_no_other(database: Database) -> None:
    async with receiving(Behaviour(status=410, times=1)) as receiver:
        await put(database, postback("call:1", url=receiver.url))
        async with delivering(database):
            await receiver.wait_for(1)
        await put(database, postback("call:2", url=receiver.url), postback("call:3", url=f"{receiver.url}/other"))
        async with delivering(database):
            received = await receiver.wait_for(2)
            await _until_idle(database)
    assert received[-1].path == "/calls/other"
    assert await states(database) == ["failed", "failed", "delivered"]
    assert [stop[0] for stop in (await ledger.stats(database)).stopped] == [receiver.url]


async def test_a_redirect_is_a_failure_and_is_not_followed(database: Database) -> None:
    async with receiving() as target:

        async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            location = f"Location: http://127.0.0.1:{target.port}/stolen\r\n".encode()
            writer.write(b"HTTP/1.1 307 Temporary Redirect\r\n" + location + b"Content-Length: 0\r\n\r\n")
            await writer.drain()

        options = replace(QUICK, schedule=Schedule(delays=(0.0,)))
        async with serving(redirect) as port, delivering(database, options):
            await put(database, postback("call:1", url=f"http://127.0.0.1:{port}/"))
            await _until_idle(database)
        assert target.received == []
    [entry] = await ledger.find(database, Filters())
    assert entry.reason == "answered 307 Temporary Redirect: redirects are not followed"


async def test_retry_after_is_honoured(database: Database) -> None:
    async with receiving(Behaviour(status=429, times=1, retry_after=2)) as receiver:
        await put(database, postback("call:1", url=receiver.url))
        async with delivering(database):
            first, second = await receiver.wait_for(2)
    assert datetime.fromisoformat(second.at) - datetime.fromisoformat(first.at) > timedelta(seconds=1.5)


async def test_postbacks_of_one_call_arrive_in_order_and_those_of_others_beside_them(database: Database) -> None:
    async with receiving() as receiver:
        calls = [[postback(f"call:{call}", sequence=n, url=receiver.url) for n in range(1, 6)] for call in range(40)]
        for batch in zip(*calls, strict=True):
            await put(database, *batch)
        async with delivering(database), delivering(database):
            received = await receiver.wait_for(200)
            await _until_idle(database)
    assert len(received) == len({post.headers["webhook-id"] for post in received}) == 200
    seen: dict[str, list[int]] = defaultdict(list)
    for post in received:
        seen[dict(post.form)["QueueID"]].append(int(post.headers["Ringpost-Sequence"]))
    assert all(order == [1, 2, 3, 4, 5] for order in seen.values())


async def test_a_later_event_waits_behind_a_failing_one_and_overtakes_it_only_after_the_configured_time(
    database: Database,
) -> None:
    async with receiving() as well, receiving(Behaviour(status=500)) as ill:
        first, second = postback("call:1", url=ill.url), postback("call:1", sequence=2, url=well.url)
        slow = replace(QUICK, schedule=Schedule(delays=(0.0, 60.0), jitter=0.0), overtake_seconds=1.5)
        began = time.monotonic()
        await put(database, first, second, postback("call:2", url=well.url))
        async with delivering(database, slow):
            received = await well.wait_for(2)
        assert [dict(post.form)["QueueID"] for post in received] == ["2", "1"]
        assert received[-1].headers["Ringpost-Sequence"] == "2"
        assert time.monotonic() - began >= 1.5
        assert len(ill.received) == 1


async def test_a_hanging_receiver_delays_nobody_else(database: Database) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with receiving() as receiver, serving(hang) as port:
        hung = [postback(f"call:{n}", url=f"http://127.0.0.1:{port}/") for n in range(300)]
        await put(database, *hung, *[postback(f"call:{n}", url=receiver.url) for n in range(300, 600)])
        options = replace(QUICK, posting=PATIENT, lease_seconds=3 * LONGEST_WAIT, drain_seconds=0.1)
        async with delivering(database, options):
            await receiver.wait_for(300)


async def test_a_host_that_does_not_answer_is_held_back_and_tried_again_when_it_is_back(database: Database) -> None:
    options = replace(
        QUICK,
        schedule=Schedule(delays=(0.0, *[0.05] * 50), jitter=0.0),
        breaker=BreakerOptions(failures=3, hold_seconds=0.5, longest_hold_seconds=0.5),
    )
    connections = 0

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        if connections <= 4:
            return
        while True:
            await read_request(reader)
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with serving(cut) as port:
        await put(database, postback("call:1", url=f"http://127.0.0.1:{port}/"))
        began = time.monotonic()
        async with delivering(database, options):
            await _until_idle(database)
    assert await states(database) == ["delivered"]
    # Three failures open the breaker for half a second, the fourth for another half.
    assert time.monotonic() - began > 0.9


async def test_what_a_dead_process_held_is_delivered_when_its_lease_is_over(database: Database) -> None:
    async with receiving() as receiver:
        await put(database, postback("call:1", url=receiver.url))
        await sql(
            database,
            "UPDATE postback_outbox SET lease = gen_random_uuid(), leased_until = now() + interval '1 second', "
            "due_at = now() + interval '1 second'",
        )
        async with delivering(database):
            await receiver.wait_for(1)
            await _until_idle(database)
    assert await states(database) == ["delivered"]


async def test_a_deliverer_that_is_stopped_gives_back_what_it_could_not_finish(database: Database) -> None:
    arrived = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        arrived.set()
        await reader.read()

    async with serving(hang) as port:
        await put(database, postback("call:1", url=f"http://127.0.0.1:{port}/"))
        options = replace(QUICK, posting=PATIENT, lease_seconds=3 * LONGEST_WAIT, drain_seconds=0.1)
        async with delivering(database, options):
            await asyncio.wait_for(arrived.wait(), LONGEST_WAIT)
    [row] = await sql(database, "SELECT due_at <= now() AS due, leased_until, tries FROM postback_outbox")
    assert (row["due"], row["leased_until"], row["tries"]) == (True, None, 0)


async def test_a_connection_that_the_receiver_closed_while_it_idled_costs_no_attempt(database: Database) -> None:
    answered = asyncio.Event()
    requests = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one request of a connection; reads another, as a server that closes at that moment, and drops it."""
        nonlocal requests
        await read_request(reader)
        requests += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        answered.set()
        await read_request(reader)

    async with serving(once) as port, delivering(database):
        await put(database, postback("call:1", url=f"http://127.0.0.1:{port}/"))
        await asyncio.wait_for(answered.wait(), LONGEST_WAIT)
        await _until_idle(database)
        await put(database, postback("call:2", url=f"http://127.0.0.1:{port}/"))
        await _until_idle(database)
    assert requests == 2
    assert [entry.tries for entry in await ledger.find(database, Filters())] == [1, 1]


async def test_a_url_that_can_never_be_posted_to_is_given_up_at_once_with_the_reason(database: Database) -> None:
    await put(database, postback("call:1", url="ftp://example.com/"), postback("call:2", url=""))
    async with delivering(database):
        await _until_idle(database)
    failed = await ledger.find(database, Filters(state="failed"))
    assert [entry.reason for entry in reversed(failed)] == [
        "refused by the guard: only http and https are posted to",
        "refused by the guard: this is not a URL",
    ]


async def test_old_postbacks_are_removed_in_small_steps_and_waiting_ones_stay(database: Database) -> None:
    from controller.postbacks.postback_retention import Retention

    async with receiving() as receiver:
        await put(database, *[postback(f"call:{n}", url=receiver.url) for n in range(25)])
        async with delivering(database):
            await _until_idle(database)
    await put(database, postback("call:99"))
    await sql(database, "UPDATE postbacks SET created_at = now() - interval '31 days'")
    await put(database, postback("call:100"))
    assert await Retention(database, 30).remove(step=10, pause=0.0) == 25
    assert await states(database) == ["waiting", "waiting"]
    assert await sql(database, "SELECT * FROM postback_attempts") == []


async def test_the_metrics_tell_results_and_hosts_within_bounds(database: Database) -> None:
    registry = CollectorRegistry()
    async with receiving(Behaviour(status=500, times=1)) as receiver:
        await put(database, postback("call:1", url=receiver.url))
        async with delivering(database, registry=registry):
            await _until_idle(database)
    host = f"127.0.0.1:{receiver.port}"
    assert registry.get_sample_value("ringpost_postback_attempts_total", {"result": "refused"}) == 1
    sample = registry.get_sample_value("ringpost_postback_host_attempts_total", {"host": host, "result": "delivered"})
    assert sample == 1
