"""The texts' room for tests: everything but Asterisk is real."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from prometheus_client import CollectorRegistry

from controller.asterisk.ari.endpoints import EndpointState
from controller.asterisk.hep import Address, CapturedSipMessage, HepPacket, SipHandler
from controller.directory.current import CurrentDirectory
from controller.directory.postback_urls import PostbackUrlOf, stated_url
from controller.directory.snapshot import Did, LicenseKey, Phone, Snapshot, Trunk
from controller.directory.text_settings import TextSettings
from controller.errors import AsteriskNotFound, AsteriskUnreachable
from controller.metering.usage_watch import HeldKeys, HoldsKey, holds_nobody
from controller.store.database import Database
from controller.texts.intake.intake import SPOOL, TAKEN, Intake
from controller.texts.intake.message import TRUNK_CONTEXT
from controller.texts.intake.storing import IncomingStore
from controller.texts.metrics import TextMetrics
from controller.texts.queueing import Queueing
from controller.texts.rules import Rules
from controller.texts.sending.answers import ID_HEADER
from controller.texts.sending.phones import RegisteredPhones
from controller.texts.sending.sender import Sender
from tests.support.outbox import QUERIES
from tests.support.patience import LONGEST_WAIT

DID, OTHER_DID, VOICE_DID = "+12015550101", "+12015550102", "+12015550109"
CUSTOMER, PHONE_NUMBER = "+12125550123", "+12015550110"
URL = "http://customer.example/postbacks"
SECRET = "only-the-dialplan-knows"
NOON = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)


def snapshot(
    *,
    settings: TextSettings | None = None,
    did: Mapping[str, Any] | None = None,
    trunk: Mapping[str, Any] | None = None,
) -> Snapshot:
    """Two keys, of which the first has two DIDs for texts; a phone and a trunk."""
    key = LicenseKey("acme", "guid-1", frozenset({"phone", "sms"}), URL, texts=settings or TextSettings())
    rival = LicenseKey("rival", "guid-2", frozenset({"sms"}), URL)
    mute = LicenseKey("mute", "guid-3", frozenset({"phone"}))
    return Snapshot(
        license_keys={each.name: each for each in (key, rival, mute)},
        dids={
            DID: Did(DID, voice=key, sms=key, **(did or {})),
            OTHER_DID: Did(OTHER_DID, sms=key),
            "+12015550103": Did("+12015550103", sms=rival),
            VOICE_DID: Did(VOICE_DID, voice=key),
        },
        phones={"alice": Phone("alice", "password", PHONE_NUMBER), "bob": Phone("bob", "password")},
        trunks={"carrier": Trunk("carrier", "192.0.2.1", **(trunk or {}))},
    )


@dataclass
class Sent:
    """A text that Asterisk was handed."""

    to: str
    sender: str
    body: str
    text_id: UUID


class FakeAsterisk:
    """An Asterisk that takes texts, and mirrors what the far side answers, as told."""

    def __init__(self) -> None:
        self.connected = True
        self.ready = True
        self.sent: list[Sent] = []
        self.online = {"alice", "carrier"}
        self.gone: set[str] = set()
        self.answer: Callable[[Sent], int] = lambda _sent: 202
        self.unreachable = False
        self.spool: dict[str, str] = {}
        self.hep = self
        self.endpoints = self
        self._sip_handlers: list[SipHandler] = []
        self._changed = asyncio.Condition()
        self._contact: list[Callable[[Mapping[str, str]], None]] = []

    async def send_message(self, *, to: str, sender: str, body: str, variables: Mapping[str, str]) -> None:
        name = to.removeprefix("pjsip:").partition("/")[0]
        if name not in self.online - self.gone:
            raise AsteriskNotFound("Endpoint not found", status=404)
        sent = Sent(to, sender, body, UUID(variables[ID_HEADER]))
        async with self._changed:
            self.sent.append(sent)
            self._changed.notify_all()
        if self.unreachable:
            raise AsteriskUnreachable
        if status := self.answer(sent):
            self.mirror("MESSAGE", sent)
            self.mirror(status, sent)

    def mirror(self, what: str | int, sent: Sent, *, cseq: int = 1) -> None:
        """Mirror the request of a text, or an answer to it."""
        headers = [("call-id", f"call-{sent.text_id}"), ("cseq", f"{cseq} MESSAGE")]
        if isinstance(what, str):
            message = CapturedSipMessage(what, "sip:x", 0, "", ((ID_HEADER.lower(), str(sent.text_id)), *headers), b"")
        else:
            message = CapturedSipMessage("", "", what, "", tuple(headers), b"")
        self.mirror_sip(message)

    def mirror_sip(self, message: CapturedSipMessage) -> None:
        packet = HepPacket(Address("", 0), Address("", 0), 0, 1, 1, "", b"")
        for handler in self._sip_handlers:
            handler(packet, message)

    def on_sip(self, handler: SipHandler) -> None:
        self._sip_handlers.append(handler)

    async def until_sent(self, count: int, timeout: float = LONGEST_WAIT) -> list[Sent]:
        """Wait until so many texts were handed over."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: len(self.sent) >= count)
        return self.sent

    async def list(self, technology: str) -> list[EndpointState]:
        if not self.connected:
            raise AsteriskUnreachable
        return [EndpointState(technology, name, "online", ()) for name in self.online]

    def on_event(self, name: str, handler: Callable[[Mapping[str, str]], None]) -> None:
        self._contact.append(handler)

    def register(self, name: str) -> None:
        """A phone registers."""
        self.online.add(name)
        for handler in self._contact:
            handler({"AOR": name, "ContactStatus": "Created"})

    async def database_tree(self, family: str) -> dict[str, str]:
        assert family == SPOOL
        return dict(self.spool)

    async def database_delete(self, family: str, key: str) -> None:
        assert family == SPOOL
        del self.spool[key]


def dialplan_fields(
    body: str | bytes = "hello",
    *,
    did: str = "12015550101",
    sender: str = f"<sip:{CUSTOMER}@192.0.2.1>",
    call_id: str = "call-1",
    content_type: str = "text/plain",
    context: str = f"{TRUNK_CONTEXT}carrier",
    length: int | None = None,
) -> list[str]:
    """What the dialplan hands over."""
    raw = body if isinstance(body, bytes) else body.encode()

    def encoded(text: str | bytes) -> str:
        return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()

    return [
        context,
        encoded(did),
        encoded(sender),
        encoded(call_id),
        encoded(content_type),
        str(len(raw) if length is None else length),
        encoded(raw),
    ]


@dataclass
class AgiCall:
    """The dialplan's side of a FastAGI request."""

    arguments: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)

    async def set_variable(self, name: str, value: str) -> None:
        self.variables[name] = value


@dataclass
class TextsRoom:
    """The parts, running."""

    database: Database
    directory: CurrentDirectory
    asterisk: FakeAsterisk
    queueing: Queueing
    sender: Sender
    intake: Intake
    phones: RegisteredPhones
    registry: CollectorRegistry
    _looks: asyncpg.Pool[asyncpg.Record]
    _call_ids: int = 0

    async def receive(self, body: str | bytes = "hello", *, secret: str = SECRET, **fields: Any) -> bool:
        """A text comes through the dialplan, each with a Call-ID of its own; gives whether it was taken."""
        self._call_ids += 1
        fields.setdefault("call_id", f"call-{self._call_ids}")
        request = AgiCall((secret, *dialplan_fields(body, **fields)))
        await self.intake.take(request)  # type: ignore[arg-type]
        return request.variables.get(TAKEN) == "yes"

    async def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """What the database holds."""
        async with self._looks.acquire() as connection:
            return [dict(row) for row in await connection.fetch(sql, *values)]

    async def until(self, sql: str, *values: object, timeout: float = LONGEST_WAIT) -> list[dict[str, Any]]:
        """Wait until a query gives rows."""
        async with asyncio.timeout(timeout):
            while not (rows := await self.rows(sql, *values)):
                await asyncio.sleep(0.02)
        return rows

    async def states(self) -> dict[str, str]:
        """The state of each outgoing text, by its body."""
        rows = await self.rows("SELECT body, state FROM texts WHERE direction = 'outgoing' ORDER BY queued_at")
        return {row["body"]: row["state"] for row in rows}

    async def postbacks(self) -> list[dict[str, Any]]:
        """The post-backs so far, in order."""
        return await self.rows("SELECT event, url, body, final, subject FROM postbacks ORDER BY number")

    def refused(self, reason: str) -> float:
        """How many texts were refused for a reason."""
        return self.registry.get_sample_value("ringpost_texts_refused_total", {"reason": reason}) or 0.0


@asynccontextmanager
async def texts_room(
    dsn: str,
    known: Snapshot | None = None,
    *,
    now: Callable[[], datetime] = lambda: NOON,
    sending: bool = True,
    asterisk: FakeAsterisk | None = None,
    postback_url: PostbackUrlOf = stated_url,
    held_keys: HeldKeys = tuple,
    holds_key: HoldsKey = holds_nobody,
) -> AsyncIterator[TextsRoom]:
    """Start the room; `sending`: whether its sender runs. `now`: the clock of quiet hours and schedules."""
    database = await Database.connect(dsn, QUERIES)
    directory = CurrentDirectory(known or snapshot())
    asterisk = asterisk or FakeAsterisk()
    registry, rules = CollectorRegistry(), Rules()
    metrics = TextMetrics(registry)
    queueing = Queueing(directory, database, rules, now, postback_url=postback_url, holds_key=holds_key)
    phones = RegisteredPhones(asterisk, asterisk, directory)  # type: ignore[arg-type]
    sender = Sender(
        database,
        directory,
        asterisk,  # type: ignore[arg-type]
        asterisk.hep,  # type: ignore[arg-type]
        phones,
        rules,
        metrics,
        now,
        held_keys,
    )
    phones.on_arrival(sender.wake)
    store = IncomingStore(database, directory, rules, queueing, metrics)
    intake = Intake(store, directory, rules, asterisk, metrics, SECRET, now, postback_url)  # type: ignore[arg-type]
    asterisk.hep.on_sip(intake.on_sip)
    await phones.look()
    parts = [phones.run(), *([sender.run()] if sending else [])]
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        async with asyncpg.create_pool(dsn, min_size=0, max_size=2) as looks:
            yield TextsRoom(database, directory, asterisk, queueing, sender, intake, phones, registry, looks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await database.close()


def with_settings(known: Snapshot, settings: TextSettings) -> Snapshot:
    """The same with other settings of the first key's texts."""
    key = replace(known.license_keys["acme"], texts=settings)
    dids = {
        number: replace(did, sms=key if did.sms and did.sms.name == "acme" else did.sms)
        for number, did in known.dids.items()
    }
    return replace(known, license_keys={**known.license_keys, "acme": key}, dids=dids)
