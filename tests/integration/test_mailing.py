"""Mail about calls: real conversations with a mail server, on the loopback."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from controller.calls.model.call import Call, TraceLine
from controller.calls.model.response_codes import ResponseCode
from controller.calls.store.call_lookup import CallLookup
from controller.calls.store.journal import Journal
from controller.calls.trace_mailer import MOST_AN_HOUR, TraceMailer
from controller.mail.server import MailServer
from controller.postbacks.outbox import Postback
from controller.resources import QUERIES
from controller.script.state import State
from controller.store.database import Database
from controller.store.queries import Queries
from tests.support.owner import an_owner
from tests.support.patience import until
from tests.support.smtp_sink import SmtpSink, smtp_sink
from tests.support.sql import sql

PROJECT = Path(__file__).parents[2]
CERTIFICATES = PROJECT / "tests" / "support" / "certificates"
QUICK = (0.0, 0.02, 0.02)
queue_ids = iter(range(9_100_000_001, 9_200_000_000))


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    database = await Database.connect(postgres, Queries.load(QUERIES))
    yield database
    await database.close()


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with smtp_sink() as listening:
        yield listening


class Office:
    """A mailer that runs, the journal that it reads from, and what it has counted."""

    def __init__(self, database: Database, journal: Journal, mailer: TraceMailer, registry: CollectorRegistry) -> None:
        self.database = database
        self.journal = journal
        self.mailer = mailer
        self._registry = registry

    def end(self, *trace: tuple[str, dict[str, Any]], debug: str = "", errors: str = "") -> Call:
        """A call that is over, with this trace, whose script asked for mail."""
        now = datetime.now(UTC)
        call = Call(next(queue_ids), "incoming", "acme", "+12015550101", "+12015550199", uuid4().hex, "hash", now)
        call.answered(now)
        call.ended(now, "end-of-script", ResponseCode.INCOMING_CALL_COMPLETE)
        lines = [TraceLine(call.queue_id, number, now, *line) for number, line in enumerate(trace, start=1)]
        self.journal.keep_program("hash", "Hello")
        state = State.for_incoming()
        state.debug_email, state.error_email = debug, errors
        self.journal.add(call, lambda: json.dumps(state.to_json()), trace=lines)
        self.mailer.call_ended(call, state)
        return call

    async def given_up(self, count: int = 1) -> None:
        """Until so many mails were given up."""
        told = self._registry.get_sample_value
        await until(lambda: (told("ringpost_mails_total", {"result": "given-up"}) or 0) >= count)


@asynccontextmanager
async def office(database: Database, server: MailServer, **options: Any) -> AsyncIterator[Office]:
    journal, registry = Journal(database, an_owner()), CollectorRegistry()
    usual: dict[str, Any] = {
        "delays": QUICK,
        "patience": 0.05,
        "may_mail": lambda _key, address: "@elsewhere" not in address,
    }
    mailer = TraceMailer(server, CallLookup(database), journal, registry=registry, **usual | options)
    tasks = [asyncio.create_task(part) for part in (journal.run(), mailer.run())]
    try:
        yield Office(database, journal, mailer, registry)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def at(sink: SmtpSink, **options: Any) -> MailServer:
    named: dict[str, Any] = {"host": "127.0.0.1", "port": sink.port, "sender": "ringpost@example.com"}
    return MailServer(**named | options)


async def test_the_trace_of_a_call_arrives_at_whom_its_script_names(database: Database, sink: SmtpSink) -> None:
    async with office(database, at(sink)) as running:
        call = running.end(("say", {"text": "Hallo, schöne Welt"}), ("end", {"reason": "x"}), debug="a@example.com")
        (taken,) = await sink.wait_for(1)
    assert (taken.sender, taken.recipients) == ("ringpost@example.com", ("a@example.com",))
    assert taken.message["Subject"] == f"Ringpost: trace of call {call.queue_id}"
    assert "PM: say “Hallo, schöne Welt”" in taken.message.get_content().replace("AM:", "PM:")


async def test_nothing_is_mailed_to_whom_the_licence_key_does_not_name(database: Database, sink: SmtpSink) -> None:
    async with office(database, at(sink)) as running:
        running.end(("error", {"message": "no"}), debug="victim@elsewhere.example", errors="ops@example.com")
        (taken,) = await sink.wait_for(1)
        await running.given_up()
    assert taken.recipients == ("ops@example.com",)


async def test_error_email_is_sent_after_an_error_only(database: Database, sink: SmtpSink) -> None:
    async with office(database, at(sink)) as running:
        running.end(("end", {"reason": "hung-up"}), errors="good@example.com")
        running.end(("error", {"message": "no"}), errors="bad@example.com")
        running.end(("end", {"reason": "step-limit"}), errors="stopped@example.com")
        running.end(("error", {"message": "no"}), debug="both@example.com", errors="Both@Example.com")
        running.end(("error", {"message": "no"}), debug="one@example.com", errors="two@example.com")
        await sink.wait_for(5)
    assert sorted(taken.recipients[0] for taken in sink.taken) == [
        f"{name}@example.com" for name in ("bad", "both", "one", "stopped", "two")
    ]


async def test_a_post_back_that_did_not_arrive_is_an_error_of_the_call(database: Database, sink: SmtpSink) -> None:
    async with office(database, at(sink), patience=0.3) as running:
        call = running.end(("end", {"reason": "hung-up"}), errors="a@example.com")
        lost = Postback(uuid4(), f"call:{call.queue_id}", 1, "call.completed", True, "acme", "http://x.example/", ())
        running.journal.add(call, lambda: "{}", postback=lost)
        assert await running.journal.flush()
        await sql(
            database,
            "INSERT INTO postback_attempts SELECT number, now(), 15, NULL, false, 'timed out after 15 s' "
            "FROM postbacks WHERE id = $1",
            lost.id,
        )
        (taken,) = await sink.wait_for(1)
    assert "error the post-back call.completed did not arrive: timed out after 15 s" in taken.message.get_content()


async def test_a_mail_is_tried_again_when_the_server_has_no_time_for_it(database: Database, sink: SmtpSink) -> None:
    sink.answers = ["451 later", ""]
    async with office(database, at(sink)) as running:
        running.end(("end", {}), debug="a@example.com")
        await sink.wait_for(1)
    assert sink.conversations == 3


async def test_a_mail_that_is_refused_for_good_is_given_up_at_once(database: Database, sink: SmtpSink) -> None:
    sink.refused = {"nobody@example.com"}
    sink.answers = ["554 no spam"]
    async with office(database, at(sink)) as running:
        running.end(("end", {}), debug="nobody@example.com")
        await running.given_up(1)
        running.end(("end", {}), debug="a@example.com")
        await running.given_up(2)
    assert sink.conversations == 2


async def test_a_server_that_is_not_there_costs_the_mail_and_nothing_else(database: Database, sink: SmtpSink) -> None:
    async with office(database, at(sink, port=1)) as running:
        call = running.end(("end", {"reason": "hung-up"}), debug="a@example.com")
        await running.given_up()
        assert [row["event"] for row in await database.fetch("trace_of_calls", [call.queue_id])] == ["end"]


async def test_nobody_gets_more_mail_than_an_hour_may_bring(database: Database, sink: SmtpSink) -> None:
    async with office(database, at(sink)) as running:
        for _ in range(MOST_AN_HOUR + 2):
            running.end(("end", {}), debug="a@example.com")
        await sink.wait_for(MOST_AN_HOUR)
        await running.given_up(2)
        running.end(("end", {}), debug="b@example.com")
        await sink.wait_for(MOST_AN_HOUR + 1)


async def test_what_is_no_address_is_never_handed_to_the_server(database: Database, sink: SmtpSink) -> None:
    async with office(database, at(sink)) as running:
        running.end(("end", {}), debug="a@example.com>\r\nRCPT TO:<b@example.com")
        await running.given_up()
    assert sink.conversations == 0


@pytest.mark.parametrize("from_the_start", [False, True])
async def test_a_login_goes_over_an_encrypted_way(database: Database, from_the_start: bool) -> None:
    certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.load_cert_chain(CERTIFICATES / "good.pem")
    trusted = ssl.create_default_context(cafile=str(CERTIFICATES / "authority.pem"))
    async with smtp_sink(tls=certificate, from_the_start=from_the_start) as sink:
        sink.login = ("ringpost", "s3cret")
        how = {"tls": "tls" if from_the_start else "starttls", "username": "ringpost", "password": "s3cret"}
        async with office(database, at(sink, host="localhost", trusted=trusted, **how)) as running:
            running.end(("end", {}), debug="a@example.com")
            (taken,) = await sink.wait_for(1)
        assert (taken.encrypted, taken.user) == (True, "ringpost")
        async with office(
            database, at(sink, host="localhost", trusted=trusted, **how | {"password": "wrong"})
        ) as running:
            running.end(("end", {}), debug="a@example.com")
            await running.given_up()
        async with office(database, at(sink, host="localhost", **how)) as running:
            running.end(("end", {}), debug="a@example.com")
            await running.given_up()  # nobody knows who signed the certificate
    assert len(sink.taken) == 1
