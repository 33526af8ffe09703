"""Messages of the Dialer: their program, and what counts as delivered."""

from __future__ import annotations

import pytest

from controller.errors import StateInvalid
from controller.ivr.compiled import compile_source, is_compiled_source
from controller.ivr.message import MESSAGE_HEADER, compile_message
from controller.script.effects import End, ListenForSilence, Play, Sound
from controller.script.engine import Engine
from controller.script.outcomes import Detected, DigitPressed, Failed, Finished, HungUp, Outcome, Reaction, SilenceHeard
from controller.script.state import State

MESSAGE = compile_message("test.message", 5.0)
PLAY = Play((Sound("test.message"),), confirm_after=5.0)


def begun(what: str = "HUMAN") -> Engine:
    """A call that was answered, whose message plays; what answered is recognised."""
    engine = Engine(MESSAGE, State.for_outgoing())
    assert isinstance(engine.start(), ListenForSilence)
    if what:
        engine.observe(Detected(what))
    assert engine.resume(SilenceHeard(heard=True), 1.0) == PLAY
    return engine


def told(engine: Engine) -> dict[str, str]:
    return engine.state.script_variables


@pytest.mark.parametrize(("what", "who"), [("HUMAN", "human"), ("UNKNOWN", "unknown"), ("", "unknown")])
def test_a_message_that_was_played_to_its_end_is_delivered(what: str, who: str) -> None:
    engine = begun(what)
    assert engine.resume(Finished(), 9.0) == End("end-of-script")
    assert told(engine) == {"delivered": "to-end", "deliveredto": who}


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (HungUp(5.0), {"delivered": "long-enough", "deliveredto": "human"}),
        (HungUp(4.9), {"notdelivered": "hung up too early"}),
        (HungUp(), {"notdelivered": "hung up too early"}),
        (Failed("nobody could hear it"), {"notdelivered": "nobody could hear it"}),
        (Finished("there is no sound “test.message”"), {"notdelivered": "there is no sound “test.message”"}),
    ],
)
def test_a_message_that_was_not_heard_is_not_delivered(outcome: Outcome, expected: dict[str, str]) -> None:
    engine = begun()
    assert isinstance(engine.resume(outcome, 9.0), End)
    assert told(engine) == expected


def test_a_machine_hears_the_message_after_its_greeting() -> None:
    engine = begun("")
    assert engine.observe(Detected("MACHINE")) is Reaction.STOP
    waiting = engine.resume(Finished(), 2.0)
    assert isinstance(waiting, ListenForSilence)
    assert waiting.greeting
    assert told(engine) == {}, "what was played into the greeting does not count"
    assert engine.resume(SilenceHeard(heard=True), 6.0) == PLAY
    assert isinstance(engine.resume(HungUp(6.0), 6.0), End)
    assert told(engine) == {"delivered": "long-enough", "deliveredto": "machine"}


def test_a_machine_that_hangs_up_during_its_greeting_has_no_message() -> None:
    engine = begun("")
    engine.observe(Detected("MACHINE"))
    engine.resume(Finished(), 2.0)
    assert isinstance(engine.resume(HungUp(), 3.0), End)
    assert told(engine) == {}


def test_a_fax_is_left_at_once() -> None:
    engine = begun("")
    assert engine.observe(Detected("FAX")) is Reaction.STOP
    assert engine.resume(Finished(), 2.0) == End("end-of-script")
    assert told(engine) == {"notdelivered": "a fax answered"}


def test_the_key_1_repeats_the_message() -> None:
    engine = begun()
    assert engine.observe(DigitPressed("1")) is Reaction.STOP
    assert engine.resume(Finished(), 2.0) == PLAY
    assert told(engine) == {}
    engine.resume(Finished(), 9.0)
    assert told(engine)["delivered"] == "to-end"


def test_a_call_goes_on_from_its_stored_text_and_state() -> None:
    engine = begun()
    again = Engine(compile_source(MESSAGE.source), State.from_json(engine.state.to_json()))
    assert compile_source(MESSAGE.source) == MESSAGE
    assert again.again() == PLAY
    again.resume(Finished(), 9.0)
    assert told(again)["delivered"] == "to-end"


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"sound": "a", "least_seconds": "x"}'])
def test_a_damaged_text_is_told(text: str) -> None:
    with pytest.raises(StateInvalid):
        compile_source(MESSAGE_HEADER + text)


def test_no_customer_writes_such_a_text_as_a_script() -> None:
    assert is_compiled_source(MESSAGE.source)
