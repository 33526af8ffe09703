"""What routings have done on a call: the time told by a set clock, digits on the leg, several phones at once, music."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import cast

import pytest

from controller.calls.call_prompts import CallPrompts
from controller.calls.effects.routings import call_back, message_sound, music, tell_time
from controller.calls.effects.transfer import transfer
from controller.calls.effects.transfer_leg import Legs
from controller.directory.current import CurrentDirectory
from controller.directory.routes import Routes
from controller.directory.snapshot import LicenseKey, Phone, Snapshot, Trunk
from controller.errors import NotificationRefused, StoreError
from controller.script.effects import CallBack, TellTime, Transfer
from controller.script.outcomes import Failed, Finished, Outcome, TimeTold, TransferFailed, Transferred
from tests.support.calls import NamedPrompts
from tests.support.memory_ari import APPLICATION, MemoryAri, ScriptedLine, scripted_line

OTHER = "+12015550188"
LEG = "ringpost-1-transfer"
KEY = LicenseKey("acme", "7f6c1a52-0000-4000-8000-000000000001", frozenset({"phone"}))
SNAPSHOT = Snapshot(
    license_keys={"acme": KEY},
    phones={"alice": Phone("alice", "password", "+12015550110")},
    trunks={"carrier": Trunk("carrier", "192.0.2.1")},
)


async def _always(_queue_id: int, _routes: object) -> bool:
    return True


async def _over(_queue_id: int) -> None:
    """Nobody counts."""


LEGS = Legs(Routes(CurrentDirectory(SNAPSHOT)), APPLICATION, _always, _over)


def _transfer(scripted: ScriptedLine, effect: Transfer) -> asyncio.Task[Outcome]:
    return asyncio.create_task(transfer(scripted.line, effect, LEGS, "acme"))


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("UTC", TimeTold(0, 1)),
        ("America/New_York", TimeTold(6, 19 * 60 + 1)),
        ("Asia/Kolkata", TimeTold(0, 5 * 60 + 31)),
    ],
)
def test_the_time_of_the_week_is_that_of_the_zone(zone: str, told: TimeTold) -> None:
    assert tell_time(TellTime(zone), datetime(2026, 11, 30, 0, 1, tzinfo=UTC)) == told


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd"])
def test_a_zone_that_is_not_known_fails_and_nothing_else(zone: str) -> None:
    assert isinstance(tell_time(TellTime(zone), datetime(2026, 11, 30, tzinfo=UTC)), Failed)


async def test_digits_are_sent_to_the_leg_before_both_hear_each_other() -> None:
    fake = MemoryAri()
    fake.on_originate = lambda leg: fake.answer(leg.id)
    scripted = scripted_line(fake)
    task = _transfer(scripted, Transfer(OTHER, digits="1w2", digits_after=0.2))
    await fake.until(lambda: LEG in fake.channels and bool(fake.channels[LEG].sent_digits))
    assert not fake.bridges
    await fake.until(lambda: bool(fake.bridges))
    assert fake.channels[LEG].sent_digits == "12"
    fake.hang_up(LEG)
    assert await task == Transferred()


async def test_several_ring_as_one_leg_and_who_may_not_be_called_is_left_out() -> None:
    fake = MemoryAri()
    fake.on_originate = lambda leg: fake.answer(leg.id)
    scripted = scripted_line(fake)
    task = _transfer(scripted, Transfer("sip:alice", others=(OTHER, "+19005550123", "sip:nobody"), ring_seconds=20.0))
    await fake.until(lambda: bool(fake.bridges))
    variables = fake.channels[LEG].variables
    assert variables["RINGPOST_MEMBERS"] == f"PJSIP/alice&PJSIP/{OTHER}@carrier"
    assert variables["RINGPOST_MEMBERS_SECONDS"] == "20"
    assert scripted.line.transfer_routes == ("carrier",)
    fake.hang_up(LEG)
    assert await task == Transferred()
    assert not scripted.line.transfer_routes


async def test_a_group_of_those_who_may_not_be_called_is_refused() -> None:
    effect = Transfer("sip:nobody", others=("+19005550123",))
    assert await _transfer(scripted_line(MemoryAri()), effect) == TransferFailed("refused")


@pytest.mark.parametrize(("cause", "unreachable"), [(20, True), (19, False)])
async def test_a_phone_that_is_not_registered_is_unreachable(cause: int, unreachable: bool) -> None:
    fake = MemoryAri()
    fake.on_originate = lambda leg: fake.reject(leg.id, cause=cause, dial_status="CHANUNAVAIL")
    failed = await _transfer(scripted_line(fake), Transfer("sip:alice"))
    assert failed == TransferFailed("noanswer", unreachable)


async def test_who_is_not_called_back_is_a_failure_of_the_step_alone() -> None:
    line = scripted_line(MemoryAri()).line
    effect = CallBack(OTHER, "", "program", 5.0)
    asked: list[tuple[str, CallBack]] = []

    async def place(license_key: str, wanted: CallBack) -> None:
        asked.append((license_key, wanted))

    assert await call_back(line, effect, place, "acme") == Finished()
    assert asked == [("acme", effect)]
    for failure in (NotificationRefused(28, "forbidden"), StoreError("away")):

        async def refuse(_key: str, _effect: CallBack, failure: Exception = failure) -> None:
            raise failure

        assert await call_back(line, effect, refuse, "acme") == Failed(str(failure))


async def test_music_is_repeated_for_as_long_as_it_rings() -> None:
    prompts = cast("CallPrompts", NamedPrompts())
    heard = await music(Transfer(OTHER, music="waltz", ring_seconds=15.0), prompts)
    assert set(heard.media) == {"sound:waltz"}
    assert len(heard.media) > 1
    assert (await music(Transfer(OTHER), prompts)).media == ()


def test_messages_have_ids_that_no_script_can_name() -> None:
    assert message_sound("101", 77, 2) == "voicemail/101/77-2"
