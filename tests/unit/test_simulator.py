"""The simulator: its clock, its keys, who answers, its limits, and that it never fails."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.script.parser import parse
from controller.script.simulation.callee import AnsweredBy
from controller.script.simulation.simulator import LONGEST_RUN_SECONDS, MOST_LINES, Simulation
from controller.script.simulation.situation import (
    ANSWERERS,
    HANG_UP,
    Press,
    ScriptedKeypad,
    Situation,
    Spoken,
    read_keys,
    read_press,
)
from controller.script.state import State
from controller.script.transcript import EVENTS, TranscriptLine
from tests.support.examples import examples
from tests.support.script_cases import SCRIPT_CASES


def simulate(
    script: str, keys: str = "", presses: tuple[Press, ...] = (), situation: Situation | None = None
) -> list[TranscriptLine]:
    return list(
        Simulation(parse(script), State.for_incoming(), situation, ScriptedKeypad(read_keys(keys), presses)).run()
    )


def told(lines: list[TranscriptLine]) -> list[tuple[float, str, str]]:
    return [(round(line.t, 3), line.event, line.main) for line in lines]


# The clock


def test_speech_lasts_60_ms_a_character_and_at_least_half_a_second() -> None:
    assert told(simulate(r"12345678901234567890 ~\SetVar(a|1)~ no ~\SetVar(a|1)~")) == [
        (0.0, "say", "12345678901234567890"),
        (1.2, "set", "a"),
        (1.2, "say", "no"),
        (1.7, "set", "a"),
        (1.7, "end", "end-of-script"),
    ]


def test_pauses_in_speech_take_their_time_and_a_text_of_pauses_alone_is_silence() -> None:
    situation = Situation(spoken=lambda text: Spoken(text.replace("_", ""), text.count("_") * 1.0))
    assert told(simulate(r"ab_cd ~\SetVar(a|1)~ __", situation=situation)) == [
        (0.0, "say", "abcd"),
        (1.5, "set", "a"),
        (1.5, "silence", "2"),
        (3.5, "end", "end-of-script"),
    ]


def test_the_timer_of_getdigits_starts_again_at_each_digit() -> None:
    lines = simulate(r"~\ClearDTMF()~~\GetDigits(x|2)~", presses=(Press(1.5, "1"), Press(3.0, "2")))
    assert told(lines)[2:3] == [(5.0, "collect_digits", "12")]


def test_sent_digits_take_the_time_of_their_tones_gaps_and_pauses() -> None:
    assert told(simulate(r"~\DialDTMF(12w)~ on"))[1] == (0.9, "say", "on")


def test_a_line_is_a_json_object_with_time_event_and_fields() -> None:
    (line, *_) = simulate(r"~\TransferTo(201-555-0110)~", situation=Situation(transfer="busy"))
    assert json.loads(json.dumps(line.as_json())) == {
        "t": 3.0,
        "event": "transfer",
        "number": "+12015550110",
        "result": "busy",
    }


# Keys


def test_keys_answer_one_wait_each_and_what_a_wait_does_not_take_is_not_pressed() -> None:
    lines = simulate(
        r"~\ClearDTMF()~~\GetDigits(a|5|2)~~\WaitForDTMF(3)~~\GetDigits(b)~~\WaitForDTMF(1)~", keys="1234,-,#,7"
    )
    assert [(line.event, line.main) for line in lines] == [
        ("digit", "1"),
        ("digit", "2"),
        ("collect_digits", "12"),
        ("set", "a"),
        ("wait_digit", ""),
        ("digit", "#"),
        ("collect_digits", ""),
        ("set", "b"),
        ("wait_digit", ""),
        ("digit", "7"),
        ("end", "end-of-script"),
    ]


def test_a_key_is_pressed_within_the_shortest_wait() -> None:
    lines = simulate(r"~\ClearDTMF()~~\WaitForDTMF(0.2)~", keys="5")
    assert told(lines)[1] == (0.1, "digit", "5")


def test_a_press_comes_at_its_time_whatever_is_under_way() -> None:
    lines = simulate(r"~\ClearDTMF()~ ~\PlaySilence(3)~ ~\PlaySilence(3)~", presses=(Press(4.5, "9"),))
    assert told(lines)[2] == (4.5, "digit", "9")


def test_what_is_not_heard_any_more_is_not_told() -> None:
    lines = simulate(r"~\AssignDTMF(2|x)~ one ~^two~ three ~\Label(x)~", presses=(Press(0.2, "2"),))
    assert [line.main for line in lines] == ["one", "2", "x", "end-of-script"]


@pytest.mark.parametrize(
    ("text", "items"),
    [("2,#,-,1234#", ("2", "#", "", "1234#")), ("", ()), (" 1 , a ", ("1", "A")), ("-", ("",))],
)
def test_keys_are_read_item_by_item(text: str, items: tuple[str, ...]) -> None:
    assert read_keys(text) == items


@pytest.mark.parametrize("text", ["x", "1,,2", "1;2", "1,", "--"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not made of keys"):
        read_keys(text)


@pytest.mark.parametrize("text", ["1", ":1", "1:", "-1:1", "nan:1", "inf:1", "1:x", "one:1"])
def test_what_is_no_press_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        read_press(text)


def test_a_press_of_several_keys_is_typed() -> None:
    assert read_press("3.5:12") == (Press(3.5, "1"), Press(3.75, "2"))


# The other side


@pytest.mark.parametrize(("answered_by", "at"), [("human", 1.5), ("machine", 5.0), ("fax", 5.0)])
def test_an_outgoing_call_speaks_when_who_answered_has_fallen_silent(answered_by: AnsweredBy, at: float) -> None:
    situation = Situation(other_end=ANSWERERS[answered_by])
    lines = list(Simulation(parse("Hello"), State.for_outgoing(), situation).run())
    assert [round(line.t, 3) for line in lines if line.event == "say"] == [at]


def test_a_machine_that_is_recognised_leads_to_amd_when_its_greeting_is_over() -> None:
    situation = Situation(other_end=ANSWERERS["machine"])
    lines = list(Simulation(parse(r"Hello ~\Label(amd)~ Beep"), State.for_outgoing(), situation).run())
    assert told(lines)[1:4] == [(2.5, "detected", "MACHINE"), (5.0, "jump", "amd"), (5.0, "say", "Beep")]


def test_pausing_waits_until_the_other_side_has_stopped_talking() -> None:
    situation = Situation(other_end=ANSWERERS["machine"])
    script = r"~\QuickStart()~~\ActOnFeature(false)~~\SoundPausing(true)~Hello"
    lines = list(Simulation(parse(script), State.for_outgoing(), situation).run())
    assert [round(line.t, 3) for line in lines if line.event == "say"] == [4.0]


def test_a_recorded_sound_lasts_as_long_as_its_recording() -> None:
    lines = simulate(r"~\RecordAndSaveAs(x|10|4)~ ~^x~ ~\SetVar(a|1)~")
    assert told(lines)[-2] == (8.0, "set", "a")


def test_a_sound_that_is_not_there_is_an_error_and_the_rest_is_played() -> None:
    lines = simulate("~^gone~ Hello", situation=Situation(sound_seconds=lambda sound_id: None))
    assert [(line.event, line.main) for line in lines[:2]] == [("sound", "gone"), ("say", "Hello")]
    assert "gone" in lines[2].main


def test_a_url_without_an_answer_is_not_found() -> None:
    lines = simulate(r"~\QueryExternalServer(http://example.com/|x)~")
    assert lines[0].fields == {"url": "http://example.com/", "status": 404}


def test_who_hangs_up_ends_the_call_whatever_is_under_way() -> None:
    for script in (r"Hello there everybody", r"~\GetDigits(x|9)~", r"~\TransferTo(2015550110)~", r"~\Conference()~"):
        lines = simulate(script, situation=Situation(hang_up_at=1.0))
        assert told(lines)[-1] == (1.0, "end", "hung-up")


def test_the_keypads_receiver_hangs_up() -> None:
    assert told(simulate("Hello there", presses=(Press(0.2, HANG_UP),)))[-1] == (0.2, "end", "hung-up")


# Limits


def test_a_script_without_end_is_stopped_after_an_hour_of_virtual_time() -> None:
    simulation = Simulation(parse(r"~\Label(a)~ ~\PlaySilence(60)~ ~\Goto(a)~"), State.for_incoming())
    *_, last = simulation.run()
    assert (last.t, last.main) == (LONGEST_RUN_SECONDS, "call-length-limit")
    assert not simulation.regular


def test_a_script_that_loops_in_no_time_is_stopped() -> None:
    simulation = Simulation(parse(r"~\Label(a)~ ~\Goto(a)~"), State.for_incoming())
    *_, last = simulation.run()
    assert last.main == "step-limit"
    assert not simulation.regular


@pytest.mark.parametrize(
    "command",
    ["PlaySpecialSoundFile(nothere)", "TransferTo(12015550110)", "QueryExternalServer(http://example.com/|x)"],
)
def test_a_loop_over_what_fails_after_a_while_goes_on_for_an_hour(command: str) -> None:
    program = parse(rf"~\ClearDTMF()~~\Label(try)~ You are on hold, please wait. ~\{command}~ ~\Goto(try)~")
    simulation = Simulation(program, State.for_incoming(), Situation(transfer="busy"))
    *_, last = simulation.run()
    assert (last.t, last.main) == (LONGEST_RUN_SECONDS, "call-length-limit")


@pytest.mark.parametrize("command", ["TransferTo(12015550110)", "QueryExternalServer(http://example.com/|x)"])
def test_a_loop_over_a_transfer_or_a_query_alone_goes_on_for_an_hour(command: str) -> None:
    simulation = Simulation(
        parse(rf"~\Label(try)~~\{command}~~\Goto(try)~"), State.for_incoming(), Situation(transfer="busy")
    )
    *_, last = simulation.run()
    assert (last.t, last.main) == (LONGEST_RUN_SECONDS, "call-length-limit")


def test_a_loop_over_a_number_that_is_refused_at_once_is_stopped() -> None:
    simulation = Simulation(
        parse(r"~\SetVar(n|19005551234)~ ~\Label(try)~~\TransferTo([n])~~\Goto(try)~"), State.for_incoming()
    )
    *_, last = simulation.run()
    assert (last.t, last.main) == (0.0, "step-limit")


def test_a_loop_of_a_sound_without_length_is_stopped() -> None:
    situation = Situation(sound_seconds=lambda sound_id: 0.0)
    simulation = Simulation(parse(r"~\Label(a)~ ~^nothing~ ~\Goto(a)~"), State.for_incoming(), situation)
    *_, last = simulation.run()
    assert (last.t, last.main) == (0.0, "step-limit")


def test_a_run_has_a_bounded_number_of_lines() -> None:
    simulation = Simulation(parse(r"~\Label(a)~ ~\PlaySilence(0.05)~ ~\Goto(a)~"), State.for_incoming())
    assert sum(1 for _ in simulation.run()) <= MOST_LINES + 10
    assert simulation.end == "line-limit"


def test_a_run_of_10000_steps_is_told_to_its_end() -> None:
    script = r"~\Label(a)~~\IncreaseVariable(n|1)~~\PlaySilence(0.1)~~\GotoIf(n|2500|e)~~\Goto(a)~~\Label(e)~"
    simulation = Simulation(parse(script), State.for_incoming())
    assert sum(1 for _ in simulation.run()) > 5000
    assert len(simulation.steps) > 10_000


# Whatever happens

_PIECES = st.sampled_from([piece for case in SCRIPT_CASES for piece in case.script.replace("~~", "~ ~").split(" ")])
_SCRIPTS = st.lists(_PIECES, max_size=12).map(" ".join)
_DIGITS = st.text("0123456789*#A", max_size=6)
_PRESSES = st.lists(st.builds(Press, st.floats(0, 60), st.sampled_from([*"0123456789*#"])), max_size=8)
_SITUATIONS = st.builds(
    Situation,
    other_end=st.sampled_from(list(ANSWERERS.values())),
    transfer=st.sampled_from(["answered", "busy", "noanswer"]),
    hang_up_at=st.floats(0, 100),
    sound_seconds=st.sampled_from([lambda sound_id: None, lambda sound_id: 0.0, lambda sound_id: 1.5]),
)


@settings(max_examples=examples(200), deadline=None)
@given(_SCRIPTS, st.lists(_DIGITS, max_size=6), _PRESSES, _SITUATIONS, st.booleans())
def test_any_script_with_any_keys_ends_in_order_and_with_known_events(
    script: str, items: list[str], presses: list[Press], situation: Situation, outgoing: bool
) -> None:
    state = State.for_outgoing() if outgoing else State.for_incoming()
    lines = list(Simulation(parse(script), state, situation, ScriptedKeypad(items, presses)).run())
    assert lines[-1].event == "end"
    assert {line.event for line in lines} <= EVENTS
    assert [line.t for line in lines] == sorted(line.t for line in lines)
    assert all(json.dumps(line.as_json()) for line in lines)


@settings(max_examples=examples(50), deadline=None)
@given(_SCRIPTS, st.lists(_DIGITS, max_size=6))
def test_a_run_is_the_same_each_time(script: str, items: list[str]) -> None:
    first, second = (
        list(Simulation(parse(script), State.for_incoming(), None, ScriptedKeypad(items)).run()) for _ in range(2)
    )
    assert first == second
