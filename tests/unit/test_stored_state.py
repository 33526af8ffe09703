"""A script's stored state: read back, refused, or read as far as it can be."""

from __future__ import annotations

import json

import pytest

from controller.errors import StateInvalid
from controller.script.effects import WaitForDigit
from controller.script.state import COMPILER, ProgramCutAnew, State


def a_state() -> State:
    state = State.for_incoming(phonenumber="2015550101", callerid="2015550199", variables={"colour": "red"})
    state.digits_dialled = "15"
    state.status_post_url = "https://example.com/mine"
    return state


def test_a_stored_state_names_the_compiler_that_its_position_is_of() -> None:
    assert a_state().to_json()["compiler"] == COMPILER


def test_a_call_in_progress_is_not_resumed_at_a_position_of_another_compiler() -> None:
    state = a_state()
    state.pending = WaitForDigit(5.0)
    with pytest.raises(ProgramCutAnew):
        State.from_json(state.to_json() | {"compiler": COMPILER + 1})


def test_a_script_that_has_not_begun_begins_whatever_compiler_it_was_stored_with() -> None:
    assert State.from_json(a_state().to_json() | {"compiler": COMPILER + 1}) == a_state()


def test_a_state_from_before_compilers_were_named_is_of_the_first() -> None:
    data = a_state().to_json()
    del data["compiler"]
    assert State.from_json(data) == a_state()


def test_what_can_be_read_of_a_damaged_state_is_salvaged() -> None:
    data = a_state().to_json() | {"version": 99, "pending": {"type": "Nothing"}, "voice": "low", "position": None}
    data["variables"]["broken"] = 7
    with pytest.raises(StateInvalid):
        State.from_json(data)
    salvaged = State.salvaged(data)
    assert (salvaged.digits_dialled, salvaged.status_post_url) == ("15", "https://example.com/mine")
    assert salvaged.script_variables == {"colour": "red"}
    assert (salvaged.voice, salvaged.pending) == (0, None)


@pytest.mark.parametrize("data", [{}, {"variables": []}, {"variables": None, "detections": "x"}])
def test_of_a_state_that_holds_nothing_nothing_is_salvaged(data: dict[str, object]) -> None:
    assert State.salvaged(json.loads(json.dumps(data))) == State()
