"""Usage is stored in the transaction of what it meters: never missing, never twice, whatever breaks off."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from controller.calls.call_log import CallLog, CallLogTargets
from controller.calls.feed import CallFeed
from controller.calls.metrics import CallMetrics
from controller.calls.recovery.settle import settle_lost
from controller.calls.store.call_entries import WrittenCall
from controller.calls.store.call_lookup import CallLookup
from controller.calls.store.controllers import Owner
from controller.calls.store.journal import Journal
from controller.calls.usage import call_usage
from controller.errors import StoreUnreachable
from controller.metering.look_ups import LookUpUsage
from controller.metering.metrics import UsageMetrics
from controller.metering.speech import SpeechUsage
from controller.metering.store.records import write_usage
from controller.metering.usage import UsageProduct, UsageRecord
from controller.resources import QUERIES
from controller.script.state import State
from controller.speech.library import SoundLibrary
from controller.speech.pcm import silence, to_pcm, wav_file
from controller.speech.prompts import Prompts
from controller.speech.voices import Voices
from controller.store.database import Database
from controller.store.queries import Queries
from controller.store.row_retention import RetentionRule, RowRetention
from controller.texts.model.order import TextOrder
from tests.support.call_values import AT, an_answered_call, an_incoming_call
from tests.support.owner import an_owner
from tests.support.patience import until
from tests.support.synthesizers import ToneSynthesizer
from tests.support.texts import texts_room
from tests.support.usage import usage_of


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    opened = await Database.connect(postgres, Queries.load(QUERIES))
    yield opened
    await opened.close()


class Clock:
    """It only moves when it is told."""

    seconds = 0

    def now(self) -> datetime:
        return AT + timedelta(seconds=self.seconds)


class Torn:
    """A database that breaks off at random: before a statement, or after one that is done, whose answer is lost."""

    def __init__(self, database: Database, chance: random.Random) -> None:
        self._database = database
        self._chance = chance
        self.whole = False

    def _tear(self, share: float = 0.25) -> None:
        if not self.whole and self._chance.random() < share:
            raise StoreUnreachable("torn")

    async def execute(self, name: str, *args: Any, **named: Any) -> str:
        self._tear()
        tag = await self._database.execute(name, *args, **named)
        self._tear()  # done, and nobody was told
        return tag


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_calls_and_transfers_are_metered_once_each_whatever_statement_the_connection_breaks_at(
    database: Database, postgres: str, seed: int
) -> None:
    """The independent count is kept beside: seconds of every call and leg, as this test lets them pass."""
    chance = random.Random(seed)
    torn = Torn(database, chance)
    journal = Journal(torn, an_owner())  # type: ignore[arg-type]
    task = asyncio.create_task(journal.run())
    clock = Clock()
    expected: dict[str, int] = {}
    try:
        for number in range(40):
            call = an_incoming_call(2_000_000_000 + number, channel_id=f"channel-{number}")
            log = CallLog(CallLogTargets(journal, CallFeed(), clock.now), call, State)
            log.answered(clock.now())
            seconds = 0
            for leg in range(1, 1 + chance.randrange(3)):
                spent = chance.randrange(200)
                log.transfer_became("ringing")
                log.transfer_became("bridged", number="+14165550123", route="carrier")
                await asyncio.sleep(0.001)
                clock.seconds += spent
                log.effect_over()
                log.save()
                expected[f"transfer:{call.queue_id}:{leg}"] = spent
                seconds += spent
            rest = chance.randrange(90)
            clock.seconds += rest
            log.ended("hung-up", call.final_code)
            expected[f"call:{call.queue_id}"] = seconds + rest
            await asyncio.sleep(0.005)
        torn.whole = True
        assert await journal.flush(30.0)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    found = await usage_of(postgres)
    assert {record_id: units for record_id, units, _ in found} == expected
    assert len(found) == len(expected)


async def test_a_call_whose_controller_died_is_metered_until_its_last_sign_of_life(
    database: Database, postgres: str
) -> None:
    owner = an_owner(database)
    await owner.register()
    journal = Journal(database, owner)
    call = an_answered_call()
    call.answered_at = datetime.now(UTC) - timedelta(seconds=3600)
    journal.add(call, _state)
    assert await journal.close() == 0
    connection = await asyncpg.connect(postgres)
    await connection.execute("UPDATE controllers SET heartbeat_at = now() - interval '3000 seconds'")
    await connection.close()
    await owner.register()  # it starts again
    (stored,) = await CallLookup(database).open_calls(owner.controller_id, 30.0)
    settle_lost(
        CallLogTargets(journal, CallFeed(), lambda: datetime.now(UTC)), CallMetrics(CollectorRegistry()), stored
    )
    assert await journal.close() == 0
    ((record_id, units, _),) = await usage_of(postgres)
    assert record_id == f"call:{call.queue_id}"
    assert 595 <= units <= 605


async def test_what_another_controller_has_taken_over_is_metered_by_that_one(database: Database, postgres: str) -> None:
    first, second = an_owner(database, "first"), an_owner(database, "second")
    await first.register()
    await second.register()
    call = an_answered_call()
    journal = Journal(database, first)
    journal.add(call, _state)
    assert await journal.close() == 0
    assert await second.take_over([call.channel_id]) == 1
    targets = CallLogTargets(journal, CallFeed(), lambda: AT + timedelta(seconds=30))
    CallLog(targets, call, State).ended("hung-up", call.final_code)
    assert await journal.close() == 0
    assert await usage_of(postgres) == []
    await _settled_by(database, second)
    assert [record_id for record_id, _, _ in await usage_of(postgres)] == [f"call:{call.queue_id}"]


def _state() -> str:
    return json.dumps(State().to_json())


async def _settled_by(database: Database, owner: Owner) -> None:
    (stored,) = await CallLookup(database).open_calls(owner.controller_id, 30.0)
    journal = Journal(database, owner)
    settle_lost(
        CallLogTargets(journal, CallFeed(), lambda: datetime.now(UTC)), CallMetrics(CollectorRegistry()), stored
    )
    assert await journal.close() == 0


async def test_segments_of_texts_are_metered_once_in_and_out(postgres: str) -> None:
    async with texts_room(postgres) as room:
        for _ in range(2):  # a copy of a text is the same text
            assert await room.receive("x" * 161, call_id="call-1")
        await room.queueing.queue([TextOrder("acme", "2125550123", "y" * 400)])
        await room.until("SELECT FROM texts WHERE state = 'accepted'")
        room.asterisk.answer = lambda _sent: 404
        await room.queueing.queue([TextOrder("acme", "2125550123", "refused")])
        await room.until("SELECT FROM texts WHERE state = 'refused'")
    assert sorted((units, direction) for units, direction in await usage_of(postgres, "units, direction")) == [
        (2, "incoming"),
        (3, "outgoing"),
    ]


async def test_a_recording_is_metered_when_it_is_stored_and_an_upload_is_not(
    database: Database, postgres: str, tmp_path: Path
) -> None:
    library = SoundLibrary(database, Prompts(tmp_path, Voices([ToneSynthesizer()])))
    medium = await library.convert(wav_file([to_pcm(silence(4.0))]))
    for _ in range(2):  # a commit whose answer was lost is repeated
        await library.store("acme", "Message", medium, recorded=True)
    await library.put("acme", "greeting", wav_file([to_pcm(silence(2.0))]))
    assert await usage_of(postgres, "license_key, product, units") == [("acme", "recording", 4)]


async def test_a_record_is_never_changed(database: Database, postgres: str) -> None:
    record = UsageRecord("key:acme:2026-11", "acme", UsageProduct.KEY, 1, AT)
    await write_usage(database, [record])
    connection = await asyncpg.connect(postgres)
    try:
        with pytest.raises(asyncpg.RaiseError, match="never changed"):
            await connection.execute("UPDATE usage_records SET units = 2")
    finally:
        await connection.close()


async def test_usage_outlives_the_calls_that_it_is_of_and_leaves_after_its_own_period(
    database: Database, postgres: str
) -> None:
    old = datetime.now(UTC) - timedelta(days=800)
    connection = await asyncpg.connect(postgres)
    try:
        for number, at in enumerate((old, old + timedelta(days=500))):
            call = an_answered_call(2_000_000_000 + number, channel_id=f"channel-{number}")
            call.ended(at + timedelta(seconds=9), "hung-up", call.final_code)
            call.answered_at = at
            journal = Journal(database, an_owner())
            usage = call_usage(call, dialled=True)
            assert usage is not None
            journal.add(call, _state, usage=[usage])
            assert await journal.close() == 0
        await connection.execute("UPDATE calls SET started_at = ended_at")
        rules = (RetentionRule("calls", "remove_old_calls", 90), RetentionRule("usage", "remove_old_usage", 400))
        await RowRetention(database, rules).remove()
        assert await connection.fetchval("SELECT count(*) FROM calls") == 0
    finally:
        await connection.close()
    assert await usage_of(postgres) == [("call:2000000001", 9, 1)]


async def test_what_is_metered_is_counted_by_product(postgres: str) -> None:
    registry = CollectorRegistry()
    targets = CallLogTargets(cast("Journal", None), CallFeed(), lambda: AT, usage=UsageMetrics(registry))
    call = an_answered_call()
    log = CallLog(targets, call, State, journal=WrittenCall())
    log.ended("hung-up", call.final_code, at=AT + timedelta(seconds=61))
    labels = {"product": "call", "direction": "incoming"}
    assert registry.get_sample_value("ringpost_usage_records_total", labels) == 1
    assert registry.get_sample_value("ringpost_usage_units_total", labels) == 61


async def test_a_look_up_is_metered_for_its_key_and_one_of_the_operators_is_not(
    database: Database, postgres: str
) -> None:
    registry = CollectorRegistry()
    usage = LookUpUsage(database, UsageMetrics(registry), lambda: AT)
    for license_key in ("acme", "acme", ""):
        await usage.write("+442079460958", license_key)
    rows = await usage_of(postgres, "license_key, product, units, number, country, at")
    assert rows == [("acme", "lookup", 1, "+442079460958", "GB", AT)] * 2
    labels = {"product": "lookup", "direction": ""}
    assert registry.get_sample_value("ringpost_usage_records_total", labels) == 2


async def test_the_characters_of_speech_are_written_also_when_the_controller_ends(
    database: Database, postgres: str
) -> None:
    usage = SpeechUsage(database, UsageMetrics(CollectorRegistry()), lambda: AT)
    task = asyncio.create_task(usage.run())
    usage.made("acme", "Hello.")
    await asyncio.sleep(0)
    usage.made("rival", "¡Adiós!")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    rows = await usage_of(postgres, "license_key, product, units")
    assert sorted(rows) == [("acme", "speech", 6), ("rival", "speech", 7)]


async def test_the_usage_of_speech_waits_for_the_database(
    database: Database, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn = Torn(database, random.Random(1))
    monkeypatch.setattr("controller.metering.speech.AGAIN_SECONDS", 0.0)
    usage = SpeechUsage(cast("Database", torn), UsageMetrics(CollectorRegistry()), lambda: AT)
    task = asyncio.create_task(usage.run())
    for number in range(20):
        usage.made("acme", "x" * number)
        await asyncio.sleep(0)

    async def all_stored() -> bool:
        return len(await usage_of(postgres)) >= 20

    await until(all_stored)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert sum(units for _, units, _ in await usage_of(postgres)) == sum(range(20))
