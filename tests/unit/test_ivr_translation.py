"""IVRs and sequences as programs of the engine: choices, time-outs, failing steps, languages, restarts, circles."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import DestinationInvalid, StateInvalid
from controller.ivr.compiled import HEADER, compile_ivr, compile_source, is_compiled_source
from controller.ivr.model import (
    AfterSequence,
    Choice,
    Destination,
    DtmfStep,
    Ivr,
    RecordingStep,
    Sequence,
    TextStep,
)
from controller.script.effects import CollectDigits, End, Play, SendDigits, SendText, Sound, Speech, WaitForDigit
from controller.script.outcomes import Failed, Finished, Reaction
from controller.script.parser import parse
from controller.script.program import Program
from controller.script.simulation.simulator import Simulation
from controller.script.simulation.situation import Press, ScriptedKeypad, Situation
from controller.script.state import State
from tests.support.examples import examples
from tests.support.script_player import Player

PROMPT = Play((Speech("Choose.", 0),))
SCRIPTS = {"say.txt": r"~\Label(menu)~ Script. ~\AssignDTMF(2|[x]menu)~ ~\WaitForDTMF(3)~ ~\Goto(amd)~"}
SEQUENCES = {
    "steps": Sequence(
        "steps", (DtmfStep("12", 180, 60), RecordingStep("opened"), TextStep("+12015550101", "+12015550110", "Hi"))
    ),
    "again": Sequence("again", (DtmfStep("9"),), AfterSequence.BACK_TO_IVR),
    "sounds": Sequence("sounds", (RecordingStep("one"), RecordingStep("two"))),
}


def ivr(choices: dict[str, str], name: str = "main", **values: object) -> Ivr:
    listed = tuple(Choice(digits, Destination.parse(place)) for digits, place in choices.items())
    places = {key: Destination.parse(str(values.pop(key))) for key in ("no_input", "wrong_choice") if key in values}
    text = None if "recording" in values else "Choose."
    return Ivr(name=name, text=text, recording=values.pop("recording", None), choices=listed, **places, **values)  # type: ignore[arg-type]


def compiled(*ivrs: Ivr) -> Program:
    return compile_ivr(ivrs[0].name, {each.name: each for each in ivrs}, SEQUENCES, SCRIPTS)


def caller(*ivrs: Ivr) -> Player:
    """A call to the first of these IVRs; its state goes through JSON, its program through its source, at each step."""
    return Player(compile_source(compiled(*ivrs).source))


# Choices


def test_an_unambiguous_choice_acts_at_once() -> None:
    call = caller(ivr({"1": "recording:one", "2": "sys:busy"}))
    assert call.effect == PROMPT
    assert call.resume() == WaitForDigit(5.0)
    assert call.press("1") == [Reaction.STOP]
    assert call.effect == Play((Sound("one"),))


def test_a_choice_that_begins_another_waits_for_the_digit_timeout() -> None:
    call = caller(ivr({"1": "recording:one", "12": "recording:twelve"}, digit_timeout=2.5))
    call.resume()
    assert call.press("1") == [Reaction.STOP]
    assert call.effect == CollectDigits("choice", 2.5)
    assert call.resume() == Play((Sound("one"),))


def test_the_longer_choice_acts_at_its_last_digit() -> None:
    call = caller(ivr({"1": "recording:one", "123": "recording:long"}))
    call.resume()
    assert call.press("12") == [Reaction.STOP, Reaction.RESTART_TIMER]
    assert call.press("3") == [Reaction.STOP]
    assert call.effect == Play((Sound("long"),))


def test_a_digit_that_leaves_every_choice_is_wrong_at_once() -> None:
    call = caller(ivr({"1": "recording:one", "123": "recording:long"}))
    call.resume()
    call.press("14")
    assert call.effect == PROMPT
    assert call.state.menu_failures == 1


def test_half_a_choice_is_wrong_after_the_digit_timeout() -> None:
    call = caller(ivr({"12": "recording:twelve"}, repeat=0, wrong_choice="sys:busy"))
    call.resume()
    call.press("1")
    assert call.resume() == End("busy", 17)


def test_a_digit_interrupts_the_prompt_and_counts() -> None:
    call = caller(ivr({"1": "recording:one"}))
    assert call.press("1") == [Reaction.STOP]
    assert call.effect == Play((Sound("one"),))


def test_digits_typed_ahead_choose_through_several_menus() -> None:
    call = caller(ivr({"1": "ivr:next"}), ivr({"25": "recording:deep"}, "next"))
    engine_digits = "125"
    assert call.press(engine_digits[0]) == [Reaction.STOP]
    assert call.press(engine_digits[1]) == [Reaction.STOP]
    assert call.effect == CollectDigits("choice", 3.0)
    assert call.press(engine_digits[2]) == [Reaction.STOP]
    assert call.effect == Play((Sound("deep"),))


def test_no_key_is_bound_in_a_menu_that_has_no_such_choice() -> None:
    call = caller(ivr({"2": "recording:two"}))
    call.resume()
    assert call.press("1") == [Reaction.STOP]
    assert call.noted("jump") == []
    assert call.effect == PROMPT


# Repeating


def test_no_input_replays_the_prompt_as_often_as_asked_and_then_goes_its_way() -> None:
    call = caller(ivr({"1": "sys:busy"}, repeat=1, no_input="recording:bye"))
    assert [type(call.resume()) for _ in range(3)] == [WaitForDigit, Play, WaitForDigit]
    assert call.resume() == Play((Sound("bye"),))


def test_no_input_and_wrong_choices_are_counted_together() -> None:
    call = caller(ivr({"1": "sys:busy"}, repeat=1, no_input="recording:none", wrong_choice="recording:wrong"))
    call.resume()
    assert call.resume() == PROMPT
    call.resume()
    call.press("5")
    assert call.effect == Play((Sound("wrong"),))


def test_a_menu_that_is_come_back_to_counts_anew() -> None:
    call = caller(ivr({"1": "sequence:again"}, repeat=1))
    call.resume()
    assert call.resume() == PROMPT
    call.press("1")
    assert call.effect == SendDigits("9")
    assert call.resume() == PROMPT
    assert call.state.menu_failures == 0


def test_without_other_destinations_the_call_is_hung_up() -> None:
    call = caller(ivr({"1": "sys:busy"}, repeat=0))
    call.resume()
    assert call.resume() == End("end-call")


# Sequences


def test_a_sequence_runs_step_by_step_and_hangs_up() -> None:
    call = caller(ivr({"1": "sequence:steps"}))
    call.press("1")
    assert call.effect == SendDigits("12", 180, 60)
    assert call.resume() == Play((Sound("opened"),))
    assert call.resume() == SendText("+12015550101", "+12015550110", "Hi")
    assert call.resume() == End("end-of-script")


def test_a_failing_step_is_told_and_does_not_stop_the_next() -> None:
    call = caller(ivr({"1": "sequence:steps"}))
    call.press("1")
    call.resume(Failed("no line"))
    assert call.variables["sequenceerror"] == "steps step 1: no line"
    call.resume(Failed("no sound"))
    assert call.variables["sequenceerror"] == "steps step 1: no line; steps step 2: no sound"
    assert call.resume(Failed("no database")) == End("end-of-script")
    assert call.variables["sequenceerror"] == (
        "steps step 1: no line; steps step 2: no sound; steps step 3: no database"
    )
    assert call.noted("error") == [
        ("DTMF: no line",),
        ("Recording: no sound",),
        ("SMS: no database",),
    ]


def test_a_step_that_fails_again_and_again_is_told_once_and_its_reason_is_not_endless() -> None:
    call = caller(ivr({"1": "sequence:again"}))
    for _ in range(3):
        call.press("1")
        call.resume(Failed("no line"))
    assert call.variables["sequenceerror"] == "again step 1: no line"
    call.press("1")
    call.resume(Failed("x" * 1000))
    assert call.variables["sequenceerror"].startswith("again step 1: no line; again step 1: xxx")
    assert len(call.variables["sequenceerror"]) == 500


def test_recordings_of_two_steps_are_two_playbacks() -> None:
    call = caller(ivr({"1": "sequence:sounds"}))
    call.press("1")
    assert call.effect == Play((Sound("one"),))
    assert call.resume() == Play((Sound("two"),))


def test_digits_pressed_during_a_sequence_are_no_choice_of_the_menu_that_follows() -> None:
    call = caller(ivr({"1": "sequence:again"}))
    call.press("1")
    assert call.press("1") == [Reaction.GO_ON]
    assert call.resume() == PROMPT
    assert call.resume() == WaitForDigit(5.0)


def test_a_sequence_of_two_menus_goes_back_to_the_one_it_was_chosen_in() -> None:
    call = caller(
        ivr({"1": "ivr:other", "2": "sequence:again"}), ivr({"2": "sequence:again"}, "other", recording="there")
    )
    call.press("1")
    call.press("2")
    assert call.effect == SendDigits("9")
    assert call.resume() == Play((Sound("there"),))


# Scripts and languages


def test_a_script_in_a_menu_has_labels_and_bindings_of_its_own() -> None:
    call = caller(ivr({"1": "script:say.txt", "2": "script:say.txt"}))
    call.press("1")
    assert call.effect == Play((Speech("Script.", 0),))
    assert call.state.bindings.keys() == {"1"}
    assert call.resume() == WaitForDigit(3.0)
    assert call.press("1") == [Reaction.STOP]
    assert call.effect == Play((Speech("Script.", 0),))
    call.resume()
    call.press("2")
    assert call.effect == Play((Speech("Script.", 0),))
    call.resume()
    assert call.resume() == Play((Speech("Script.", 0),))
    assert call.noted("jump") == [("script:say.txt",), ("start",), ("menu",), ("amd",)]


def test_a_menu_speaks_in_the_voice_of_its_language() -> None:
    program = compiled(ivr({"1": "sys:noservice", "2": "ivr:en"}, language="es"), ivr({"1": "sys:noservice"}, "en"))
    assert ("Choose.", 17) in program.speeches()
    assert ("Choose.", 0) in program.speeches()
    assert {voice for text, voice in program.speeches() if "servicio" in text} == {17}


def test_a_menu_reads_pressed_keys_back_in_its_language() -> None:
    call = caller(ivr({"1": "sys:dtmf"}, language="es"))
    call.press("1")
    call.press("4*")
    call.resume()
    assert call.effect == Play((Speech("Ha pulsado", 17), Speech("4 asterisco", 17)))


def test_what_a_menu_says_is_known_before_the_call() -> None:
    program = compiled(ivr({"1": "fwd:2015550110", "2": "script:say.txt", "3": "recording:one"}, recording="greeting"))
    texts = [text for text, _ in program.speeches()]
    assert "Script." in texts
    assert any("nobody can be reached" in text for text in texts)
    assert set(program.sounds()) == {"greeting", "one"}


# The source


def test_the_source_of_an_ivr_makes_the_same_program_again() -> None:
    program = compiled(ivr({"1": "ivr:main", "2": "sequence:steps", "3": "script:say.txt", "4": "sequence:again"}))
    again = compile_source(program.source)
    assert again == program
    assert again.content_hash == program.content_hash


def test_the_source_holds_only_what_callers_can_come_to() -> None:
    program = compiled(ivr({"1": "sequence:again"}), ivr({"1": "sequence:steps"}, "unused"))
    document = json.loads(program.source.removeprefix(HEADER))
    assert list(document["ivrs"]) == ["main"]
    assert list(document["sequences"]) == ["again"]
    assert document["scripts"] == {}


def test_a_script_is_compiled_as_a_script() -> None:
    source = "Hello ~^chime~"
    assert compile_source(source) == parse(source)
    assert not is_compiled_source(source)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"ivr":"a","ivrs":{},"sequences":{},"scripts":{}}', "[" * 100_000, '{"ivr":1,"ivrs":[]}']
)
def test_a_damaged_source_of_an_ivr_is_refused(text: str) -> None:
    with pytest.raises(StateInvalid):
        compile_source(HEADER + text)


@pytest.mark.parametrize("place", ["ivr:gone", "sequence:gone", "script:gone.txt"])
def test_an_ivr_that_leads_nowhere_is_refused(place: str) -> None:
    with pytest.raises(DestinationInvalid, match="gone"):
        compiled(ivr({"1": place}))


def test_names_that_look_like_variables_or_labels_are_just_names() -> None:
    scripts = {"a[x]~b.txt": "Odd.", "a[x]~c.txt": "Even."}
    menu = ivr({"1": "script:a[x]~b.txt", "2": "script:a[x]~c.txt", "3": f"conference:{'k' * 200}"})
    program = compile_ivr("main", {"main": menu}, {}, scripts)
    for digit, text in (("1", "Odd."), ("2", "Even.")):
        call = Player(program)
        call.press(digit)
        assert call.effect == Play((Speech(text, 0),))


# Whatever happens

_PLACES = st.sampled_from(
    [
        *("ivr:main", "ivr:other", "sequence:steps", "sequence:again", "script:say.txt", "fwd:2015550110", "sip:alice"),
        *("recording:one", "conference:room", "sys:hangup", "sys:busy", "sys:noservice", "sys:dtmf", "sys:echo"),
    ]
)
_CHOICES = st.dictionaries(st.text("01*#", min_size=1, max_size=3), _PLACES, min_size=1, max_size=6)
_IVRS = st.builds(
    lambda choices, name, repeat, no_input, wrong: ivr(
        choices, name, repeat=repeat, no_input=no_input, wrong_choice=wrong, timeout=1.0, digit_timeout=0.5
    ),
    _CHOICES,
    st.just("main"),
    st.integers(0, 2),
    _PLACES,
    _PLACES,
)
_PRESSES = st.lists(st.builds(Press, st.floats(0, 120), st.sampled_from([*"01*#5"])), max_size=20)


@pytest.mark.thorough
@settings(max_examples=examples(150), deadline=None)
@given(_IVRS, _CHOICES, st.lists(st.text("01*#5", max_size=4), max_size=10), _PRESSES)
def test_any_ivr_with_any_keys_ends_and_says_no_label_is_missing(
    main: Ivr, other: dict[str, str], items: list[str], presses: list[Press]
) -> None:
    program = compiled(main, ivr(other, "other", timeout=1.0))
    assert compile_source(program.source) == program
    simulation = Simulation(program, State.for_incoming(), Situation(), ScriptedKeypad(items, presses))
    lines = list(simulation.run())
    assert lines[-1].event == "end"
    assert lines[-1].main != "step-limit"
    assert not [line.main for line in lines if line.event == "error" and "label" in line.main]


@settings(max_examples=examples(60), deadline=None)
@given(_IVRS, _CHOICES, st.lists(st.sampled_from([*"01*#5-"]), max_size=30))
def test_an_ivr_goes_on_the_same_after_a_restart_at_any_step(
    main: Ivr, other: dict[str, str], happenings: list[str]
) -> None:
    call = caller(main, ivr(other, "other"))  # the player restarts at every step, and compares
    for happening in happenings:
        if isinstance(call.effect, End):
            break
        if happening == "-":
            call.resume(Finished())
        else:
            call.press(happening)
