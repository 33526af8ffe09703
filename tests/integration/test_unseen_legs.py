"""Legs whose answer or end no controller saw: by Asterisk's own log they last as long as they lasted, for customer and
usage."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from controller.asterisk.leg_log import LegLog, LoggedLeg
from controller.calls.model.order import Order
from controller.calls.recovery import adopt
from controller.calls.recovery.unseen import unknown_legs
from tests.support.calls import KEY, CallsRoom, calls_room, snapshot
from tests.support.fake_ari import FakeAri
from tests.support.leg_lines import answer_line, end_line
from tests.support.owner import CONTROLLER
from tests.support.patience import until

NUMBER = "+12015550101"
WAITS = r"Hello. ~\WaitForDTMF(60)~"
KNOWN = snapshot({NUMBER: WAITS})
THERE = "+14165550123"


async def _sql(room: CallsRoom, query: str) -> list[tuple[object, ...]]:
    assert await room.journal.flush()
    connection = await asyncpg.connect(room.database.dsn)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


@pytest.fixture
async def known_for_long(postgres: str) -> str:
    """A database that has known this controller for an hour."""
    connection = await asyncpg.connect(postgres)
    try:
        await connection.execute(
            "INSERT INTO controllers (id, known_since) VALUES ($1, now() - interval '1 hour')", CONTROLLER
        )
    finally:
        await connection.close()
    return postgres


async def _usage(room: CallsRoom) -> list[tuple[object, ...]]:
    return await _sql(room, "SELECT product, number, units, began_at, at FROM usage_records ORDER BY at")


async def _events(room: CallsRoom) -> list[str]:
    return [str(event) for (event,) in await _sql(room, "SELECT event FROM postbacks ORDER BY number")]


async def _ended(room: CallsRoom) -> None:
    async def none_is_open() -> bool:
        return await _sql(room, "SELECT count(*) FROM calls WHERE ended_at IS NULL") == [(0,)]

    await until(none_is_open)


async def test_a_call_that_ended_unseen_ended_when_asterisk_says(postgres: str, tmp_path: Path) -> None:
    log = tmp_path / "legs.csv"
    async with FakeAri(playback_seconds=None) as fake:
        async with calls_room(fake, postgres, KNOWN) as room:
            channel = fake.incoming_call()
            await fake.until(lambda: bool(fake.played))
            assert await room.journal.flush()
            ((answered_at,),) = await _sql(room, "SELECT answered_at FROM calls")
        assert isinstance(answered_at, datetime)
        fake.drop_connection()
        fake.hang_up(channel)
        ended_at = answered_at + timedelta(seconds=42)
        log.write_text(f"{answer_line(channel, answered_at)}\n{end_line(channel, ended_at)}\n")
        async with calls_room(fake, postgres, KNOWN, leg_log=log) as room:
            await _ended(room)
            ((product, _, units, began_at, at),) = await _usage(room)
            assert (product, units, began_at, at) == ("call", 42, answered_at, ended_at)
            assert await _events(room) == ["call.answered", "call.lost"]


async def test_an_outgoing_call_that_ended_unseen_ended_when_asterisk_says(postgres: str, tmp_path: Path) -> None:
    log = tmp_path / "legs.csv"
    async with FakeAri(playback_seconds=None) as fake:
        fake.on_originate = lambda channel: fake.answer(channel.id)
        async with calls_room(fake, postgres, KNOWN) as room:
            taken = await room.notifications.take(Order("12125550123", "Hello."), KEY)
            await fake.until(lambda: bool(fake.played))
            assert await room.journal.flush()
            ((channel, answered_at),) = await _sql(room, "SELECT channel_id, answered_at FROM calls")
        assert isinstance(answered_at, datetime)
        fake.drop_connection()
        fake.hang_up(str(channel))
        ended_at = answered_at + timedelta(seconds=42)
        line = answer_line(str(channel), answered_at, arguments="ringpost,outgoing")
        log.write_text(f"{line}\n{end_line(str(channel), ended_at)}\n")
        async with calls_room(fake, postgres, KNOWN, leg_log=log) as room:
            await _ended(room)
            assert await _usage(room) == [("call", "+12125550123", 42, answered_at, ended_at)]
            assert taken.queue_id


async def test_the_log_is_read_when_the_end_of_a_call_is_missing_and_else_not(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "legs.csv"
    reads: list[Path | None] = []
    read = LegLog.read

    def counted(self: LegLog) -> list[LoggedLeg]:
        reads.append(log)
        return read(self)

    monkeypatch.setattr(LegLog, "read", counted)
    monkeypatch.setattr(adopt, "RECONCILE_SECONDS", 0.05)
    async with FakeAri(playback_seconds=None) as fake, calls_room(fake, postgres, KNOWN, leg_log=log) as room:
        reconciling = asyncio.create_task(room.adoption.run())
        try:
            # At the connect, and once more when what was let go then is over.
            await until(lambda: len(reads) == 2)
            looked = len(fake.requests_of("GET", "applications/ringpost"))
            await until(lambda: len(fake.requests_of("GET", "applications/ringpost")) > looked + 3)
            assert len(reads) == 2

            channel = fake.incoming_call()
            await fake.until(lambda: bool(fake.played))
            fake.hang_up(channel)
            await room.idle()
            ((answered_at,),) = await _sql(room, "SELECT answered_at FROM calls")
            assert isinstance(answered_at, datetime)
            ended_at = answered_at + timedelta(seconds=7)
            log.write_text(f"{answer_line(channel, answered_at)}\n{end_line(channel, ended_at)}\n")
            # As if its end had got lost.
            await _sql(room, "DELETE FROM usage_records")
            await _sql(room, "UPDATE calls SET ended_at = NULL, state = 'answered', end_reason = ''")
            await _ended(room)
            ((_, _, units, _, at),) = await _usage(room)
            assert (units, at) == (7, ended_at)
        finally:
            reconciling.cancel()
            await asyncio.gather(reconciling, return_exceptions=True)


async def test_a_call_whose_answer_nobody_stored_is_a_call_once(known_for_long: str, tmp_path: Path) -> None:
    log = tmp_path / "legs.csv"
    ended_at = datetime.now(UTC) - timedelta(seconds=5)
    answered_at = ended_at - timedelta(seconds=30)
    log.write_text(f"{answer_line('7.1', answered_at)}\n{end_line('7.1', ended_at)}\n")
    for _ in range(3):
        async with FakeAri() as fake, calls_room(fake, known_for_long, KNOWN, leg_log=log) as room:
            await room.adoption.connected()
            assert await _usage(room) == [("call", "+12125550123", 30, answered_at, ended_at)]
            assert await _events(room) == ["call.answered", "call.lost"]
            rows = await _sql(room, "SELECT our_number, route, response_code, end_reason FROM calls")
            assert rows == [(NUMBER, "carrier", 30, "lost")]


@pytest.mark.parametrize(
    "changes",
    [
        {"application": "Playback", "arguments": "ringpost/unavailable"},
        {"arguments": "another,incoming,+12015550101"},
        {"arguments": "ringpost,outgoing"},
        {"arguments": "ringpost,incoming,+12015559999"},
    ],
)
async def test_what_was_no_call_of_ours_is_none(known_for_long: str, tmp_path: Path, changes: dict[str, str]) -> None:
    log = tmp_path / "legs.csv"
    at = datetime.now(UTC) - timedelta(seconds=30)
    log.write_text(f"{answer_line('7.1', at, **changes)}\n{end_line('7.1', at)}\n")
    async with FakeAri() as fake, calls_room(fake, known_for_long, KNOWN, leg_log=log) as room:
        await room.adoption.connected()
        assert await _usage(room) == []
        assert await _events(room) == []


async def test_what_was_before_the_database_knew_the_controller_is_none_of_its_business(
    postgres: str, tmp_path: Path
) -> None:
    log = tmp_path / "legs.csv"
    at = datetime.now(UTC) - timedelta(seconds=30)
    log.write_text(f"{answer_line('7.1', at)}\n{end_line('7.1', at)}\n")
    for _ in range(2):
        async with FakeAri() as fake, calls_room(fake, postgres, KNOWN, leg_log=log) as room:
            await room.adoption.connected()
            assert await _usage(room) == []


async def test_what_a_caller_withholds_stays_withheld(known_for_long: str, tmp_path: Path) -> None:
    log = tmp_path / "legs.csv"
    at = datetime.now(UTC) - timedelta(seconds=30)
    line = answer_line("7.1", at, presentation="prohib_not_screened")
    log.write_text(f"{line}\n{end_line('7.1', at + timedelta(seconds=1))}\n")
    async with FakeAri() as fake, calls_room(fake, known_for_long, KNOWN, leg_log=log) as room:
        await room.adoption.connected()
        ((number,),) = await _sql(room, "SELECT their_number FROM calls")
        assert "2125550123" not in str(number)


@pytest.mark.parametrize(("through", "route"), [("carrier", "carrier"), ("alice", "")])
async def test_a_transfer_whose_answer_nobody_stored_is_metered_once(
    known_for_long: str, tmp_path: Path, through: str, route: str
) -> None:
    log = tmp_path / "legs.csv"
    async with FakeAri(playback_seconds=None) as fake, calls_room(fake, known_for_long, KNOWN) as room:
        fake.incoming_call()
        await fake.until(lambda: bool(fake.played))
        ((queue_id,),) = await _sql(room, "SELECT queue_id FROM calls")
        fake.drop_connection()
    ended_at = datetime.now(UTC) - timedelta(seconds=5)
    answered_at = ended_at - timedelta(seconds=20)
    leg = f"ringpost-{queue_id}-transfer"
    line = answer_line(leg, answered_at, channel=f"PJSIP/{through}-00000002", arguments="ringpost,leg", called=THERE)
    log.write_text(f"{line}\n{end_line(leg, ended_at)}\n")
    for _ in range(2):
        async with FakeAri() as fake, calls_room(fake, known_for_long, KNOWN, leg_log=log) as room:
            await room.adoption.connected()
            await room.adoption.connected()
            transfers = [row for row in await _usage(room) if row[0] == "transfer"]
            assert transfers == [("transfer", THERE, 20, answered_at, ended_at)]
            routes = await _sql(room, "SELECT route FROM usage_records WHERE product = 'transfer'")
            assert routes == [(route,)]


AT = datetime(2026, 11, 28, tzinfo=UTC)


def _leg(second: float) -> LoggedLeg:
    return LoggedLeg(
        "t", "carrier", (), "", False, "", AT + timedelta(seconds=second), AT + timedelta(seconds=second + 1)
    )


@pytest.mark.parametrize(
    ("logged", "stored", "unknown"),
    [
        ([10], [10.2], []),
        ([10, 20], [20.1], [10]),
        ([10, 20], [10.1], [20]),
        ([10, 20], [], [10, 20]),
        ([10, 20], [10.0, 20.0], []),
        ([10], [3.0], [10]),
        ([], [3.0], []),
    ],
)
def test_a_stored_leg_is_the_last_that_was_answered_before(
    logged: list[float], stored: list[float], unknown: list[float]
) -> None:
    found = unknown_legs([_leg(each) for each in logged], [AT + timedelta(seconds=each) for each in stored])
    assert found == [_leg(each) for each in unknown]
