"""Routings on calls of a scripted Asterisk: who is called at which time, and where a call goes that reaches nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.directory.snapshot import Did, Phone, Snapshot
from controller.ivr.compiled import compile_place
from controller.ivr.model import Destination, Failovers
from controller.ivr.places import NumberRouting, Place, TimeCondition
from controller.ivr.time_spans import Span
from controller.ivr.translation import Catalogue
from tests.support.calls import KEY, snapshot
from tests.support.fake_switch import FakeChannel
from tests.support.memory_ari import MemoryAri
from tests.support.memory_room import memory_room

NUMBER = "+12015550101"
NAMES = ("alice", "bob", "night")
# Monday to Friday, from nine to five.
OFFICE = TimeCondition(
    (Span(540, 1020, 0, 4),),
    match=Destination.parse("sip:alice"),
    otherwise=Destination.parse("sys:busy"),
    zone="America/New_York",
)


def known(routing: str, places: Mapping[str, Place] | None = None, failovers: Failovers | None = None) -> Snapshot:
    """A number with a routing, and phones that it may lead to."""
    place = Destination.parse(f"did:{NUMBER}")
    of_number = NumberRouting(Destination.parse(routing), failovers=failovers or Failovers())
    named = {Destination.parse(name): each for name, each in (places or {}).items()}
    program = compile_place(place, Catalogue(places={place: of_number, **named}))
    did = Did(NUMBER, voice=KEY, program=program)
    return replace(snapshot({}), dids={NUMBER: did}, phones={name: Phone(name, "secret") for name in NAMES})


def dialled(fake: MemoryAri) -> list[str]:
    """The phones that were called, in order."""
    created = fake.requests_of("POST", "channels/create")
    return [request.query["endpoint"].removeprefix("PJSIP/") for request in created]


@pytest.mark.parametrize(
    ("moment", "in_office"),
    [
        (datetime(2026, 6, 1, 12, 59, tzinfo=UTC), False),  # Monday, 8:59 in New York
        (datetime(2026, 6, 1, 13, 0, tzinfo=UTC), True),
        (datetime(2026, 6, 1, 21, 0, tzinfo=UTC), True),  # the minute of the end belongs to the span
        (datetime(2026, 6, 1, 21, 1, tzinfo=UTC), False),
        (datetime(2026, 6, 6, 15, 0, tzinfo=UTC), False),  # Saturday
        (datetime(2026, 12, 7, 13, 30, tzinfo=UTC), False),  # 8:30 in winter
        (datetime(2026, 12, 7, 14, 0, tzinfo=UTC), True),
    ],
)
async def test_the_clock_says_whether_a_call_rings_or_is_turned_away_unanswered(
    moment: datetime, *, in_office: bool
) -> None:
    fake = MemoryAri()
    fake.on_originate = lambda leg: fake.answer(leg.id)
    async with memory_room(fake, known("tc:1", {"tc:1": OFFICE}), now=lambda: moment) as room:
        call = fake.incoming_call()
        if in_office:
            await fake.asked("POST", "bridges/.*/addChannel")
            assert dialled(fake) == ["alice"]
            fake.hang_up(call)
        await room.idle()
        if not in_office:
            turned_away = fake.gone[call]
            assert (turned_away.answered, turned_away.hangup_cause, dialled(fake)) == (False, 17, [])


FAILOVERS = Failovers(
    busy=Destination.parse("sip:bob"),
    noanswer=Destination.parse("sip:night"),
    unreachable=Destination.parse("recording:closed"),
)


@pytest.mark.parametrize(
    ("cause", "status", "called", "heard"),
    [
        (17, "BUSY", ["alice", "bob"], False),
        (19, "NOANSWER", ["alice", "night"], False),
        (20, "CHANUNAVAIL", ["alice"], True),
        (21, "CHANUNAVAIL", ["alice"], True),
    ],
)
async def test_who_is_not_reached_is_followed_by_the_failover_for_it_and_by_no_other(
    cause: int, status: str, called: list[str], *, heard: bool
) -> None:
    fake = MemoryAri()

    def rings(leg: FakeChannel) -> None:
        if leg.originate_query["endpoint"] == "PJSIP/alice":
            fake.reject(leg.id, cause=cause, dial_status=status)
        else:
            fake.answer(leg.id)

    fake.on_originate = rings
    async with memory_room(fake, known("sip:alice", failovers=FAILOVERS)) as room:
        call = fake.incoming_call()
        if not heard:
            await fake.asked("POST", "bridges/.*/addChannel")
            fake.hang_up(call)
        await room.idle()
        assert dialled(fake) == called
        assert bool([medium for medium in fake.played if "closed" in medium]) is heard
