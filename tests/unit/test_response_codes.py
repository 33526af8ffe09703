"""Response codes: what a call has become, as its customer is told."""

from __future__ import annotations

import pytest

from controller.calls.model.response_codes import (
    INCOMING_ENDS,
    OUTGOING_ENDS,
    TRIED_AGAIN,
    ResponseCode,
    TransferState,
    not_answered,
)


def test_there_are_47_codes_from_0_to_46() -> None:
    assert sorted(map(int, ResponseCode)) == list(range(47))


@pytest.mark.parametrize(
    ("cause", "status", "code"),
    [
        (1, 404, 43), (17, 486, 8), (17, 600, 8), (18, 408, 37), (19, 480, 2), (21, 603, 38), (22, 410, 44),
        (34, 503, 34), (58, 488, 36), (127, 606, 35), (127, 0, 34), (0, 0, 37), (102, 504, 37), (1, 604, 43),
        (127, 300, 38), (127, 301, 44), (22, 302, 38), (127, 305, 38), (127, 380, 38), (28, 484, 3), (127, 485, 3),
        (127, 433, 4), (127, 607, 38), (127, 608, 38), (17, 480, 8), (1, 500, 43), (79, 415, 36),
    ],
)  # fmt: skip
def test_why_nobody_answered_is_told_by_the_cause_and_the_sip_status(cause: int, status: int, code: int) -> None:
    assert not_answered(cause, status) == code


@pytest.mark.parametrize("status", [408, 504])
def test_a_network_that_gives_up_says_unanswered_only_after_a_ring(status: int) -> None:
    assert (not_answered(18, status, rang=True), not_answered(18, status, rang=False)) == (2, 37)


@pytest.mark.parametrize("status", [300, 301, 302, 305, 380, 433, 604, 607, 608])
def test_what_was_refused_or_diverted_for_good_is_not_called_again(status: int) -> None:
    assert not_answered(127, status) not in TRIED_AGAIN


def test_only_what_another_try_may_change_is_tried_again() -> None:
    assert {int(code) for code in TRIED_AGAIN} == {2, 8, 34, 37, 40}


@pytest.mark.parametrize(
    ("transfer", "incoming", "outgoing"),
    [("", 30, 1), ("ringing", 26, 26), ("bridged", 31, 24), ("failed", 30, 25)],
)
def test_an_answered_call_ends_as_its_transfer_stands(transfer: TransferState, incoming: int, outgoing: int) -> None:
    assert (INCOMING_ENDS[transfer], OUTGOING_ENDS[transfer]) == (incoming, outgoing)
