"""Legs of transfers on a trunk: they have no more channels, and no faster a pace, than its calls."""

from __future__ import annotations

from typing import cast

from controller.calls.line.originate import shown_caller
from controller.calls.live import LiveCalls
from controller.calls.outgoing.legs import TrunkLegs
from controller.calls.store.call_limits import Limits
from controller.calls.store.journal import Journal
from controller.directory.current import CurrentDirectory
from controller.directory.routes import Routes
from controller.directory.snapshot import Did, Phone, Snapshot, Trunk
from controller.errors import StoreUnreachable


class SoMany:
    """Live calls of which so many are on any trunk."""

    def __init__(self, calls: int) -> None:
        self.calls = calls

    def on_route(self, _route: str) -> int:
        return self.calls


class NoDatabase:
    """Limits while the database is away."""

    async def admit_legs(self, *_asked: object) -> bool:
        raise StoreUnreachable

    async def legs_over(self, _queue_id: int) -> None:
        raise StoreUnreachable


class Stored:
    """A journal of which everything is stored."""

    async def flush(self, _seconds: float) -> bool:
        return True


def legs(calls: int, *, calls_per_second: float = 50) -> TrunkLegs:
    trunk = Trunk("carrier", "127.0.0.2", channels=2, calls_per_second=calls_per_second)
    directory = CurrentDirectory(Snapshot(trunks={"carrier": trunk}))
    limits, journal = cast("Limits", NoDatabase()), cast("Journal", Stored())
    return TrunkLegs(directory, cast("LiveCalls", SoMany(calls)), limits, journal)


async def test_without_the_database_a_leg_beside_the_last_channel_of_this_controller_is_not_dialled() -> None:
    assert await legs(2).admit(1, ["carrier"])
    assert not await legs(3).admit(1, ["carrier"])
    assert await legs(3).admit(1, []), "our own phones need no channel"
    await legs(3).over(1)


async def test_without_the_database_legs_wait_for_the_pace_of_the_trunk_but_not_for_ever() -> None:
    paced = legs(1, calls_per_second=20)
    assert [await paced.admit(1, ["carrier"]) for _ in range(4)] == [True] * 4
    slow = legs(1, calls_per_second=0.1)
    assert [await slow.admit(1, ["carrier"]) for _ in range(2)] == [True, False]


def test_a_did_of_ours_is_reached_inside_and_a_phone_or_anybody_else_is_not() -> None:
    snapshot = Snapshot(
        dids={"+12015550101": Did("+12015550101"), "+12015550110": Did("+12015550110")},
        phones={"alice": Phone("alice", "secret-1", "+12015550110")},
    )
    routes = Routes(CurrentDirectory(snapshot))
    assert routes.inside("2015550101") == "Local/12015550101@ringpost-incoming/n"
    assert routes.inside("+12015550110") is None
    assert routes.inside("+12015550199") is None
    assert routes.inside("sip:alice") is None


def test_what_becomes_a_header_is_one_printable_line() -> None:
    shown = shown_caller("+12015550101\r\nX: y", "Ann\r\nP-Asserted-Identity: <sip:911@x>\x00")
    assert shown["CONNECTEDLINE(num,i)"] == "+12015550101X: y"
    assert shown["CONNECTEDLINE(name,i)"] == "AnnP-Asserted-Identity: <sip:911@x>"
