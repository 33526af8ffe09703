"""Calls on a scripted Asterisk: everything of the room of live calls, without speech and without post-back delivery."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from prometheus_client import CollectorRegistry

from controller.asterisk.ari.client import AriClient
from controller.asterisk.leg_log import LegLog
from controller.calls.acknowledgements import Acknowledgements
from controller.calls.administration import CallAdministration
from controller.calls.call_log import CallLogTargets
from controller.calls.feed import CallFeed
from controller.calls.live import LiveCalls, ManagerInterface
from controller.calls.outgoing.dialer import Dialer
from controller.calls.outgoing.notifications import Notifications
from controller.calls.recovery.adopt import Adoption
from controller.calls.recovery.unseen import UnseenLegs
from controller.calls.store.call_lookup import CallLookup
from controller.calls.store.controllers import Owner
from controller.calls.store.journal import Journal
from controller.calls.store.queue_ids import QueueIds
from controller.calls.store.recording_spool import RecordingSpool
from controller.calls.store.recordings import Recordings
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Did, LicenseKey, Phone, Snapshot, Trunk
from controller.egress.guard import Guard
from controller.errors import AsteriskUnreachable, SpeechError, StoreError
from controller.metering.store.records import write_usage
from controller.metering.usage_watch import HoldsKey, holds_nobody
from controller.resources import QUERIES
from controller.script.analysis.checker import NOWHERE
from controller.script.effects import Prompt, Silence, Sound, Speech, Tone
from controller.script.parser import parse
from controller.script.program import Program
from controller.service.build_calls import build_calls
from controller.speech.prompts import Medium
from controller.store.database import Database
from controller.store.queries import Queries
from controller.texts.consent import CallConsent, OptOuts
from controller.texts.metrics import TextMetrics
from controller.texts.queueing import Queueing, utc_now
from controller.texts.rules import Rules
from controller.texts.service import Texts
from tests.support.fake_ari import FakeAri
from tests.support.owner import ASTERISK, CONTROLLER, an_owner
from tests.support.patience import LONGEST_WAIT, until

if TYPE_CHECKING:
    from controller.calls.call_prompts import CallPrompts

APPLICATION = "ringpost"
KEY = LicenseKey("acme", "7f6c1a52-0000-4000-8000-000000000001", frozenset({"phone", "sms"}), "http://127.0.0.1:1/post")


class NamedPrompts:
    """Prompts whose media say what they are: `say:TEXT`, `sound:ID`, `silence:SECONDS`, `beep`.

    manners: how fast and how loud each call has them spoken. stood_in: the texts that another engine has to speak, with
    the reason; they are made when they are wanted. slow: texts that have to be made, with the event that it waits for;
    `|` ends their parts. making, abandoned: the parts whose making has begun, or was given up.
    """

    license_key = KEY.name

    def __init__(self) -> None:
        self.missing: set[str] = set()
        self.stood_in: dict[str, str] = {}
        self._stand_ins: list[str] = []
        self.manners: list[tuple[int, int]] = []
        self.slow: dict[str, asyncio.Event] = {}
        self.wide = False
        self.making: list[str] = []
        self.abandoned: list[str] = []
        self.asked_to_stand_in: list[str] = []

    def ready(self, prompt: Prompt) -> tuple[str, float] | None:
        if isinstance(prompt, Speech):
            name = f"say:{' '.join(prompt.text.split())}"
        elif isinstance(prompt, Sound):
            name = f"sound:{prompt.sound_id}"
        elif isinstance(prompt, Silence):
            name = f"silence:{prompt.seconds:g}"
        else:
            name = "beep" if isinstance(prompt, Tone) else f"special:{prompt.name}"
        if isinstance(prompt, Speech) and (prompt.text in self.stood_in or self._slow(prompt)):
            return None
        return None if name in self.missing else (name, 1.0)

    def take_stand_ins(self) -> list[str]:
        taken, self._stand_ins = self._stand_ins, []
        return taken

    def carried(self, *, wide: bool) -> None:
        self.wide = wide

    def parts(self, speech: Speech) -> tuple[Speech, ...]:
        return tuple(replace(speech, text=part) for part in speech.text.split("|"))

    def _slow(self, speech: Speech) -> asyncio.Event | None:
        """What a text, or the text that it is a part of, waits for."""
        return next((gate for text, gate in self.slow.items() if speech.text in (text, *text.split("|"))), None)

    async def make(self, prompt: Prompt, *, stand_in: str = "", spare_seconds: float = 0.0) -> tuple[str, float]:
        if stand_in and isinstance(prompt, Speech):
            self.asked_to_stand_in.append(prompt.text)
        if isinstance(prompt, Speech) and (gate := self._slow(prompt)) is not None:
            self.making.append(prompt.text)
            try:
                await gate.wait()
            except asyncio.CancelledError:
                self.abandoned.append(prompt.text)
                raise
            if prompt.text not in self.stood_in and prompt.text not in self.missing:
                return f"say:{prompt.text}", 1.0
        if isinstance(prompt, Speech) and prompt.text in self.stood_in:
            self._stand_ins.append(self.stood_in[prompt.text])
            return f"say:{prompt.text}", 1.0
        raise SpeechError(f"there is no {prompt}")

    async def prepare(self, program: Program, voice: int) -> None:
        for text, spoken_by in program.speeches(voice):
            if self.ready(Speech(text, spoken_by)) is None:
                raise SpeechError(f"nobody can say {text}")

    def spoken(self, rate: int, volume: int) -> NamedPrompts:
        self.manners.append((rate, volume))
        return self

    async def missing_sound(self, program: Program) -> str | None:
        return next((sound for sound in program.sounds() if f"sound:{sound}" in self.missing), None)

    def why_not_recordable(self, _sound_id: str) -> str:
        return ""


class NamedSounds:
    """A library that takes what callers record, by the sound's id; `refused` is raised instead."""

    def __init__(self) -> None:
        self.recorded: dict[str, bytes] = {}
        self.held: list[str] = []
        self.refused: StoreError | None = None
        self._converted: dict[str, bytes] = {}

    async def convert(self, data: bytes) -> Medium:
        self._converted[sha256(data).hexdigest()] = data
        return Medium(sha256(data).hexdigest(), 2.0)

    async def store(
        self, license_key: str, sound_id: str, medium: Medium, *, recorded: bool, age_seconds: float = 0.0
    ) -> None:
        assert license_key == KEY.name
        assert recorded
        assert age_seconds >= 0
        if self.refused is not None:
            raise self.refused
        self.recorded[sound_id] = self._converted[medium.content_hash]

    def hold(self, license_key: str, sound_id: str, medium: Medium) -> None:
        self.held.append(sound_id)


class NoManager:
    """An Asterisk without its manager interface."""

    async def set_variable(self, _channel_id: str, _name: str, _value: str) -> None:
        raise AsteriskUnreachable

    async def is_bridged(self, _channel_id: str) -> bool:
        raise AsteriskUnreachable

    async def wait_ready(self, _timeout: float) -> None:
        raise AsteriskUnreachable


class Manager(NoManager):
    """A manager interface that knows of channels that are in no bridge."""

    def __init__(self, *unbridged: str) -> None:
        self.unbridged = unbridged

    async def is_bridged(self, channel_id: str) -> bool:
        return channel_id not in self.unbridged

    async def wait_ready(self, _timeout: float) -> None:
        """It is."""


@dataclass
class CallsRoom:
    """What a test may look at."""

    ari: AriClient
    live: LiveCalls
    journal: Journal
    database: Database
    lookup: CallLookup
    directory: CurrentDirectory
    prompts: NamedPrompts
    sounds: NamedSounds
    recordings: Recordings
    registry: CollectorRegistry
    adoption: Adoption
    dialer: Dialer
    notifications: Notifications
    feed: CallFeed
    administration: CallAdministration
    queue_ids: QueueIds

    async def trace(self, queue_id: int | None = None) -> list[tuple[str, dict[str, Any]]]:
        """The stored trace of a call, or of all of them, in order."""
        assert await self.journal.flush(LONGEST_WAIT)
        rows = await self.database.fetch("trace_of_calls", None if queue_id is None else [queue_id])
        return [(row["event"], row["fields"]) for row in rows]

    async def started(self, timeout: float = LONGEST_WAIT) -> None:
        """Wait until a call is live."""
        await until(lambda: len(self.live), timeout)

    async def idle(self, timeout: float = LONGEST_WAIT) -> None:
        """Wait until no call is live."""
        await until(lambda: not len(self.live), timeout)
        assert await self.journal.flush(LONGEST_WAIT)


def snapshot(scripts: dict[str, str]) -> Snapshot:
    """Each number with its script, owned by one licence key."""
    return Snapshot(
        license_keys={KEY.name: KEY},
        dids={
            number: Did(number, voice=KEY, sms=KEY, script_source=source, program=parse(source))
            for number, source in scripts.items()
        },
        phones={"alice": Phone("alice", "secret", "+12015550110")},
        trunks={"carrier": Trunk("carrier", "127.0.0.2")},
    )


def unseen_legs(
    database: Database, directory: CurrentDirectory, owner: Owner, leg_log: Path | None = None
) -> UnseenLegs:
    """What happens to legs while no controller is there, by a log of Asterisk's; without one, nothing is known."""
    return UnseenLegs(
        LegLog(leg_log),
        CallLookup(database),
        directory,
        APPLICATION,
        owner,
        partial(write_usage, database),
        lambda: datetime.now(UTC),
    )


@asynccontextmanager
async def calls_room(
    fake: FakeAri,
    postgres: str,
    directory: Snapshot,
    controller_id: str = CONTROLLER,
    *,
    asterisk: str = ASTERISK,
    request_timeout: float = 5.0,
    holds_key: HoldsKey = holds_nobody,
    added_voices: Collection[int] = (),
    acknowledgements: Acknowledgements | None = None,
    leg_log: Path | None = None,
    manager: ManagerInterface | None = None,
) -> AsyncIterator[CallsRoom]:
    """A controller's calls, connected to the fake; cancelled (as by kill -9, but for the journal) at the end."""
    database = await Database.connect(postgres, Queries.load(QUERIES))
    ari, registry, owner = (
        fake.client(request_timeout=request_timeout),
        CollectorRegistry(),
        an_owner(database, controller_id, asterisk),
    )
    journal = Journal(database, owner)
    current, prompts, feed, sounds = CurrentDirectory(directory), NamedPrompts(), CallFeed(), NamedSounds()
    spool = tempfile.TemporaryDirectory(prefix="ringpost-spool-")
    recordings = Recordings(ari, sounds, RecordingSpool(Path(spool.name)), APPLICATION)
    unseen = unseen_legs(database, current, owner, leg_log)
    calls = build_calls(
        database=database,
        journal=journal,
        ari=ari,
        manager=manager or NoManager(),
        directory=current,
        guard=Guard(["127.0.0.0/8"]),
        prompts_of=lambda _key: cast("CallPrompts", prompts),
        recordings=recordings,
        owner=owner,
        application=APPLICATION,
        lease_seconds=90,
        context=NOWHERE,
        registry=registry,
        log_targets=CallLogTargets(journal, feed, lambda: datetime.now(UTC), leg_ended=unseen.ended_at),
        unseen=unseen,
        queue_text=Texts(
            database, current, Queueing(current, database, Rules(), utc_now), TextMetrics(registry)
        ).queue_for_call,
        block_number=OptOuts(database).block_for_call,
        forbids_call=CallConsent(database, current).forbids_call,
        holds_key=holds_key,
        added_voices=added_voices,
        acknowledgements=acknowledgements,
    )
    await owner.register()
    await calls.queue_ids.reserve()
    tasks = [
        asyncio.create_task(part) for part in (ari.run(), journal.run(), calls.dialer.run(), calls.administration.run())
    ]
    try:
        await ari.wait_connected(LONGEST_WAIT)
        yield CallsRoom(
            ari,
            calls.live,
            journal,
            database,
            CallLookup(database),
            current,
            prompts,
            sounds,
            recordings,
            registry,
            calls.adoption,
            calls.dialer,
            calls.notifications,
            feed,
            calls.administration,
            calls.queue_ids,
        )
    finally:
        await calls.live.close()
        await journal.flush()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await database.close()
        spool.cleanup()
