"""What of a call is metered, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.calls.call_log import CallLog, CallLogTargets
from controller.calls.feed import CallFeed
from controller.calls.model.call import Call
from controller.calls.model.response_codes import ResponseCode
from controller.calls.store.call_entries import WrittenCall
from controller.metering.usage import UsageRecord
from controller.script.state import State
from tests.support.call_values import AT, a_queued_call, an_incoming_call
from tests.support.examples import examples

THERE = "+14165550123"


class Metered:
    """A call's log on a clock that only moves when it is told."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.written = WrittenCall()
        self.seconds = 0.0
        targets = CallLogTargets(None, CallFeed(), self.now)  # type: ignore[arg-type]
        self.log = CallLog(targets, call, State, journal=self.written)

    def now(self) -> datetime:
        return AT + timedelta(seconds=self.seconds)

    def transfer(self, seconds: float) -> None:
        self.log.transfer_became("ringing")
        self.seconds += 3
        self.log.transfer_became("bridged", number="416-555-0123", route="carrier")
        self.seconds += seconds
        self.log.effect_over()

    @property
    def usage(self) -> list[UsageRecord]:
        return [] if self.written.is_empty else self.written.entry.usage

    @property
    def told(self) -> list[tuple[str, int]]:
        """The id and the units of each record that was written down so far."""
        return [(record.record_id, record.units) for record in self.usage]


def answered(*, outgoing: bool = False) -> Metered:
    call = a_queued_call() if outgoing else an_incoming_call()
    metered = Metered(call)
    if outgoing:
        call.claimed(AT)
        metered.log.dialling()
    metered.seconds += 20  # ringing
    metered.log.answered(metered.now())
    return metered


def ended(metered: Metered, seconds: float = 0.0) -> list[tuple[str, int]]:
    metered.seconds += seconds
    metered.log.ended("hung-up", metered.call.final_code)
    return metered.told


@pytest.mark.parametrize("outgoing", [False, True])
def test_an_answered_call_is_metered_once_from_its_answer(outgoing: bool) -> None:
    metered = answered(outgoing=outgoing)
    queue_id = metered.call.queue_id
    assert ended(metered, 61.4) == [(f"call:{queue_id}", 61)]
    (record,) = metered.usage
    assert (record.direction, record.country) == ("outgoing" if outgoing else "incoming", "US")
    assert record.began_at == metered.call.answered_at
    assert record.at == metered.call.ended_at


def test_a_transfer_is_a_leg_of_its_own_with_its_own_time_number_and_trunk() -> None:
    metered = answered()
    metered.seconds += 10
    metered.transfer(30)
    metered.transfer(5)
    queue_id = metered.call.queue_id
    assert ended(metered, 2) == [
        (f"transfer:{queue_id}:1", 30),
        (f"transfer:{queue_id}:2", 5),
        (f"call:{queue_id}", 53),
    ]
    leg = metered.usage[0]
    assert (leg.number, leg.country, leg.route, leg.direction) == (THERE, "CA", "carrier", "outgoing")


@pytest.mark.parametrize("outgoing", [False, True])
def test_a_leg_is_stored_as_soon_as_it_rings_and_as_it_answers(outgoing: bool) -> None:
    """Nothing else happens on the call for as long as both talk: who takes it over has to know of the leg."""
    metered = answered(outgoing=outgoing)
    written: list[tuple[str, int]] = []

    class Writer(WrittenCall):
        def add(self, call: Call, state: Callable[[], str], **more: Any) -> None:
            written.append((str(call.state), call.legs))

    log = CallLog(CallLogTargets(None, CallFeed(), metered.now), metered.call, State, journal=Writer())  # type: ignore[arg-type]
    log.transfer_became("ringing")
    log.transfer_became("bridged", number=THERE, route="carrier")
    assert written == [("transferring", 0), ("transferred", 1)]


def test_a_call_that_ends_during_its_transfer_ends_both() -> None:
    metered = answered()
    metered.log.transfer_became("ringing")
    metered.log.transfer_became("bridged", number=THERE)
    assert [units for _, units in ended(metered, 7)] == [7, 7]


def test_a_transfer_that_nobody_answers_is_free() -> None:
    metered = answered()
    metered.log.transfer_became("ringing")
    metered.seconds += 30
    metered.log.transfer_became("failed")
    assert [record.product for record in metered.usage] == []
    assert len(ended(metered)) == 1


def test_a_transfer_that_is_found_standing_goes_on_as_it_began() -> None:
    metered = answered()
    metered.log.transfer_became("ringing")
    metered.log.transfer_became("bridged", number=THERE, route="carrier")
    metered.seconds += 10
    metered.log.transfer_became("bridged", number=THERE, route="carrier")
    metered.seconds += 10
    metered.log.effect_over()
    assert [record.units for record in [*metered.usage]] == []  # stored with the next state
    metered.log.save()
    assert metered.told == [(f"transfer:{metered.call.queue_id}:1", 20)]


def test_retries_are_free_and_a_call_that_nobody_answers_is_one_attempt() -> None:
    call = a_queued_call()
    metered = Metered(call)
    for _ in range(3):
        call.claimed(AT)
        metered.log.dialling()
        metered.log.rings()
        metered.log.waits_again(ResponseCode.BUSY, 60)
    assert metered.usage == []
    call.claimed(AT)
    metered.log.dialling()
    metered.log.not_answered(ResponseCode.BUSY)
    assert metered.told == [(f"attempt:{call.queue_id}", 1)]


@pytest.mark.parametrize("claimed", [False, True])
def test_a_call_that_is_cancelled_before_anybody_was_called_is_free(claimed: bool) -> None:
    call = a_queued_call()
    if claimed:
        call.claimed(AT)
    metered = Metered(call)
    metered.log.ended("cancelled", ResponseCode.CANCELLED)
    assert metered.usage == []


def test_a_call_that_is_cancelled_between_two_tries_is_an_attempt() -> None:
    call = a_queued_call()
    metered = Metered(call)
    call.claimed(AT)
    metered.log.dialling()
    metered.log.waits_again(ResponseCode.BUSY, 60)
    metered.log.ended("cancelled", ResponseCode.CANCELLED)
    assert metered.told == [(f"attempt:{call.queue_id}", 1)]


def test_a_call_whose_end_nobody_saw_is_metered_until_it_was_last_known_to_stand() -> None:
    metered = answered()
    metered.log.transfer_became("ringing")
    metered.log.transfer_became("bridged", number=THERE)
    seen = metered.now() + timedelta(seconds=25)
    metered.seconds += 3600
    metered.log.ended("lost", ResponseCode.INCOMING_CALL_COMPLETE, at=seen)
    assert {record.units for record in metered.usage} == {25}
    assert metered.call.ended_at == seen


STEPS: dict[str, Callable[[Metered], None]] = {
    "transfer rings": lambda metered: metered.log.transfer_became("ringing"),
    "bridged": lambda metered: metered.log.transfer_became("bridged", number=THERE, route="carrier"),
    "failed": lambda metered: metered.log.transfer_became("failed"),
    "over": lambda metered: metered.log.effect_over(),
    "conference": lambda metered: metered.log.conference_joined(started=True),
    "save": lambda metered: metered.log.save(),
}


@settings(max_examples=examples(60))
@given(
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 90)), max_size=20),
    st.integers(0, 90),
)
def test_whatever_happens_seconds_equal_what_somebody_counts_who_only_watches_the_state(
    outgoing: bool, steps: list[tuple[str, int]], rest: int
) -> None:
    """The independent count: each whole second, which of the two legs stands."""
    metered = answered(outgoing=outgoing)
    call_seconds, leg_seconds, legs, stood = 0, 0, 0, False
    for name, seconds in steps:
        STEPS[name](metered)
        stands = metered.call.state == "transferred"
        legs += stands and not stood
        stood = stands
        metered.seconds += seconds
        call_seconds += seconds
        leg_seconds += seconds if stands else 0
    metered.seconds += rest
    call_seconds += rest
    leg_seconds += rest if stood else 0
    metered.log.ended("hung-up", metered.call.final_code)
    by_product: dict[str, list[UsageRecord]] = {"call": [], "transfer": []}
    for record in metered.usage:
        by_product[record.product].append(record)
    assert [record.units for record in by_product["call"]] == [call_seconds]
    assert sum(record.units for record in by_product["transfer"]) == leg_seconds
    assert len(by_product["transfer"]) == legs
    assert len({record.record_id for record in metered.usage}) == len(metered.usage)
    assert metered.usage[-1].at.tzinfo is UTC
