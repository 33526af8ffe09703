"""Destinations, IVRs and sequences as values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import DestinationInvalid
from controller.ivr.model import Choice, Destination, DestinationKind, Ivr


@pytest.mark.parametrize(
    ("text", "kind", "target"),
    [
        ("sequence:open-gate", DestinationKind.SEQUENCE, "open-gate"),
        (" IVR : gate ", DestinationKind.IVR, "gate"),
        ("fwd:201-555-0110", DestinationKind.FORWARD, "+12015550110"),
        ("recording:Greeting", DestinationKind.RECORDING, "greeting"),
        ("script:scripts/a:b.txt", DestinationKind.SCRIPT, "scripts/a:b.txt"),
        ("sys:Busy", DestinationKind.SYSTEM, "busy"),
        ("sip:alice", DestinationKind.PHONE, "alice"),
        ("conference:room 1", DestinationKind.CONFERENCE, "room 1"),
    ],
)
def test_a_destination_is_read_up_to_the_first_colon(text: str, kind: DestinationKind, target: str) -> None:
    assert Destination.parse(text) == Destination(kind, target)


@pytest.mark.parametrize("text", ["", "gate", "ivr:", "mail:1", "did:12", "sys:reboot", ":", "sys"])
def test_what_leads_nowhere_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(DestinationInvalid, match="expected"):
        Destination.parse(text)


@given(
    st.text(max_size=50)
    | st.sampled_from(list(DestinationKind)).flatmap(lambda kind: st.text().map(lambda t: f"{kind}:{t}"))
)
def test_any_text_is_a_destination_or_refused_and_a_destination_survives_being_written(text: str) -> None:
    try:
        destination = Destination.parse(text)
    except DestinationInvalid:
        return
    assert Destination.parse(str(destination)) == destination


def test_choices_that_begin_others_are_named() -> None:
    hang_up = Destination(DestinationKind.SYSTEM, "hangup")
    ivr = Ivr("gate", None, "Hello", tuple(Choice(digits, hang_up) for digits in ("1", "12", "2", "123", "#")))
    assert ivr.prefixes() == {"1": ("12", "123"), "12": ("123",)}
