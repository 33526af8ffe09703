"""One press is one digit, whatever carries it: by when each told digit began and ended."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from controller.asterisk.ari.events import Event
from controller.calls.line.key_presses import KeyPresses


def told(digit: str, ended: float, milliseconds: int) -> Event:
    moment = datetime.fromtimestamp(1_800_000_000 + ended, UTC).isoformat(timespec="milliseconds")
    return Event("ChannelDtmfReceived", {"digit": digit, "duration_ms": milliseconds, "timestamp": moment})


@pytest.mark.parametrize(
    ("events", "digits"),
    [
        # RFC 4733 and SIP INFO: the second one is told as beginning when the first ends, or within it.
        ([("1", 1.0, 100), ("1", 1.1, 100), ("2", 1.4, 100), ("2", 1.52, 100)], "12"),
        ([("1", 1.0, 250), ("1", 1.05, 250)], "1"),
        # End packets under new timestamps.
        ([("5", 1.0, 100), ("5", 1.0, 100), ("5", 1.02, 100)], "5"),
        # The same key twice, by a quick person and by a machine.
        ([("1", 1.0, 100), ("1", 1.18, 100), ("1", 1.38, 100)], "111"),
        # A tone that dropped out for 50 ms.
        ([("1", 1.0, 60), ("1", 1.11, 60)], "1"),
        ([("1", 1.0, 100), ("2", 1.02, 100), ("1", 1.3, 100)], "121"),
    ],
)
def test_one_press_is_one_digit(events: list[tuple[str, float, int]], digits: str) -> None:
    presses = KeyPresses()
    heard = [event.digit for event in (told(*each) for each in events) if presses.is_new(event)]
    assert "".join(heard) == digits


def test_a_server_that_tells_no_time_is_taken_at_its_word() -> None:
    presses = KeyPresses()
    event = Event("ChannelDtmfReceived", {"digit": "1", "duration_ms": 100})
    assert presses.is_new(event)
    assert presses.is_new(event)
