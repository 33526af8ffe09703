"""A controller's calls without PostgreSQL and without a wire, wired as the service wires them. For unit tests."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from prometheus_client import CollectorRegistry

from controller.calls.call_log import CallLogTargets
from controller.calls.feed import CallFeed
from controller.calls.live import ManagerInterface
from controller.calls.store.journal import Journal
from controller.calls.store.recording_spool import RecordingSpool
from controller.calls.store.recordings import Recordings
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Snapshot
from controller.egress.guard import Guard
from controller.metering.usage_watch import HoldsKey, holds_nobody
from controller.script.analysis.checker import NOWHERE
from controller.service.build_calls import Calls, build_calls
from tests.support.calls import APPLICATION, NamedPrompts, NamedSounds, NoManager, unseen_legs
from tests.support.memory_ari import MemoryAri
from tests.support.memory_store import MemoryDatabase
from tests.support.owner import an_owner
from tests.support.patience import LONGEST_WAIT

if TYPE_CHECKING:
    from controller.calls.call_prompts import CallPrompts
    from controller.store.database import Database


@dataclass
class MemoryRoom:
    """What a test may look at."""

    calls: Calls
    store: MemoryDatabase
    prompts: NamedPrompts
    directory: CurrentDirectory
    registry: CollectorRegistry
    sounds: NamedSounds

    async def idle(self, timeout: float = LONGEST_WAIT) -> None:
        """Wait until no call is live, and all is stored."""
        over = asyncio.Event()
        self.calls.live.on_release(over.set)
        async with asyncio.timeout(timeout):
            while len(self.calls.live):
                over.clear()
                await over.wait()
        assert await self.calls.journal.flush(LONGEST_WAIT)

    def ended(self, reason: str) -> float:
        """How many calls have ended so."""
        return self.registry.get_sample_value("ringpost_calls_ended_total", {"reason": reason}) or 0.0


@asynccontextmanager
async def memory_room(
    fake: MemoryAri,
    directory: Snapshot,
    store: MemoryDatabase | None = None,
    *,
    dialling: bool = True,
    manager: ManagerInterface | None = None,
    holds_key: HoldsKey = holds_nobody,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[MemoryRoom]:
    """A controller, connected to the fake; cancelled, as by kill -9, at the end. What it stored stays in `store`."""
    store = store or MemoryDatabase()
    database, owner, registry = cast("Database", store), an_owner(store), CollectorRegistry()
    journal = Journal(database, owner)
    current, prompts, sounds = CurrentDirectory(directory), NamedPrompts(), NamedSounds()

    spool = tempfile.TemporaryDirectory(prefix="ringpost-spool-")

    async def no_text(*_args: object, **_values: object) -> None:
        raise AssertionError("no text is queued here")

    async def nobody_opts_out(*_args: object) -> None:
        raise AssertionError("nobody opts out here")

    async def allows(*_args: object) -> bool:
        return False

    calls = build_calls(
        database=database,
        journal=journal,
        ari=fake.client,
        manager=manager or NoManager(),
        directory=current,
        guard=Guard(["127.0.0.0/8"]),
        prompts_of=lambda _key: cast("CallPrompts", prompts),
        recordings=Recordings(fake.client, sounds, RecordingSpool(Path(spool.name)), APPLICATION),
        owner=owner,
        application=APPLICATION,
        lease_seconds=90,
        context=NOWHERE,
        registry=registry,
        log_targets=CallLogTargets(journal, CallFeed(), now),
        unseen=unseen_legs(database, current, owner),
        queue_text=no_text,
        block_number=nobody_opts_out,
        forbids_call=allows,
        holds_key=holds_key,
    )
    await calls.queue_ids.reserve()
    writing = asyncio.create_task(journal.run())
    dialler = [asyncio.create_task(calls.dialer.run())] if dialling else []
    try:
        yield MemoryRoom(calls, store, prompts, current, registry, sounds)
    finally:
        for task in dialler:  # as in the service, the dialer stops first
            task.cancel()
        await asyncio.gather(*dialler, return_exceptions=True)
        await calls.live.close()
        await journal.flush()
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        spool.cleanup()
