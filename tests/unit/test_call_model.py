"""A call's life: which state may lead where, and what each transition changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.calls.model.call import Call, channel_of_try
from controller.calls.model.response_codes import ResponseCode
from controller.calls.model.states import PERMITTED, CallState, TransitionForbidden
from tests.support.call_values import AT, a_queued_call, an_incoming_call

LATER = AT + timedelta(minutes=1)

TRANSITIONS: dict[str, Callable[[Call], None]] = {
    "claimed": lambda call: call.claimed(AT),
    "reroute": lambda call: call.reroute("carrier"),
    "dialling": lambda call: call.dialling(),
    "progressed": lambda call: call.progressed(),
    "rings": lambda call: call.rings(),
    "waits again": lambda call: call.waits_again(LATER),
    "given back": lambda call: call.given_back(LATER),
    "answered": lambda call: call.answered(AT),
    "transfer rings": lambda call: call.transfer_rings(),
    "transfer bridged": lambda call: call.transfer_bridged(),
    "transfer failed": lambda call: call.transfer_failed(),
    "conference started": lambda call: call.conference_joined(started=True),
    "conference joined": lambda call: call.conference_joined(started=False),
    "effect over": lambda call: call.effect_over(),
    "ended": lambda call: call.ended(LATER, "end-of-script", ResponseCode.CALL_ANSWERED),
}


def facts(call: Call) -> dict[str, Any]:
    return {name: getattr(call, name) for name in Call.__slots__}


@given(st.booleans(), st.lists(st.sampled_from(sorted(TRANSITIONS)), max_size=60))
def test_whatever_happens_a_call_goes_where_the_table_allows_and_ends_once(outgoing: bool, events: list[str]) -> None:
    call = a_queued_call() if outgoing else an_incoming_call()
    claims = given_back = ends = 0
    for event in events:
        before = facts(call)
        try:
            TRANSITIONS[event](call)
        except TransitionForbidden:
            assert facts(call) == before
            continue
        if call.state is not before["state"]:
            assert call.state in PERMITTED[before["state"]]
        claims += event == "claimed"
        given_back += event == "given back"
        ends += call.ended_at is not None and before["ended_at"] is None
        assert call.tries == claims - given_back >= 0
        assert (call.due_at is not None) == (call.state is CallState.QUEUED)
        assert (call.ended_at is not None) == (call.state is CallState.ENDED)
        if call.state in (CallState.ANSWERED, CallState.TRANSFERRING, CallState.TRANSFERRED, CallState.IN_CONFERENCE):
            assert call.answered_at is not None
        if call.outgoing:
            number = call.tries + (call.state is CallState.QUEUED)
            assert before["channel_id"] == call.channel_id or call.channel_id == channel_of_try(call.queue_id, number)
    assert ends == (call.state is CallState.ENDED)


@given(st.lists(st.sampled_from(sorted(TRANSITIONS)), max_size=40))
def test_an_incoming_call_is_never_queued_or_dialled(events: list[str]) -> None:
    call = an_incoming_call()
    for event in events:
        try:
            TRANSITIONS[event](call)
        except TransitionForbidden:
            continue
        assert call.state not in (CallState.QUEUED, CallState.CLAIMED, CallState.DIALLING)
        assert call.tries == 0


def test_every_state_can_be_left_until_the_call_has_ended() -> None:
    assert set(PERMITTED) == set(CallState)
    for state, following in PERMITTED.items():
        assert (CallState.ENDED in following) == (state is not CallState.ENDED)
        assert bool(following) == (state is not CallState.ENDED)


def test_every_state_can_be_reached_from_a_new_call() -> None:
    reached, looked_at = {CallState.QUEUED, CallState.RINGING}, set[CallState]()
    while reached - looked_at:
        state = (reached - looked_at).pop()
        looked_at.add(state)
        reached |= PERMITTED[state]
    assert reached == set(CallState)


def test_a_try_that_nobody_was_called_for_does_not_count_and_has_the_same_channel_again() -> None:
    call = a_queued_call()
    channel = call.channel_id
    call.claimed(AT)
    call.given_back(LATER)
    assert (call.tries, call.channel_id, call.due_at) == (0, channel, LATER)


def test_a_try_that_was_not_answered_counts_and_the_next_one_has_a_channel_of_its_own() -> None:
    call = a_queued_call()
    call.claimed(AT)
    call.dialling()
    call.rings()
    call.waits_again(LATER)
    assert (call.tries, call.channel_id) == (1, channel_of_try(call.queue_id, 2))
    assert call.response_code is ResponseCode.QUEUED


def test_a_call_that_rings_cannot_be_given_back_for_somebody_was_called() -> None:
    call = a_queued_call()
    call.claimed(AT)
    call.dialling()
    call.rings()
    with pytest.raises(TransitionForbidden, match="is ringing and cannot become queued"):
        call.given_back(LATER)
    assert call.tries == 1


@pytest.mark.parametrize(
    ("transfer", "incoming", "outgoing"),
    [
        ([], ResponseCode.INCOMING_CALL_COMPLETE, ResponseCode.CALL_ANSWERED),
        (["transfer rings"], ResponseCode.HUNG_UP_DURING_TRANSFER, ResponseCode.HUNG_UP_DURING_TRANSFER),
        (["transfer rings", "transfer failed"], ResponseCode.INCOMING_CALL_COMPLETE, ResponseCode.TRANSFER_FAILED),
        (["transfer bridged"], ResponseCode.INCOMING_CALL_TRANSFERRED, ResponseCode.TRANSFERRED),
        (["transfer bridged", "effect over"], ResponseCode.INCOMING_CALL_TRANSFERRED, ResponseCode.TRANSFERRED),
    ],
)
def test_how_the_last_transfer_went_decides_with_what_an_answered_call_ends(
    transfer: list[str], incoming: ResponseCode, outgoing: ResponseCode
) -> None:
    calls = [an_incoming_call(), a_queued_call()]
    calls[1].claimed(AT)
    calls[1].dialling()
    for call in calls:
        call.answered(AT)
        for event in transfer:
            TRANSITIONS[event](call)
    assert [call.final_code for call in calls] == [incoming, outgoing]
