"""How a script and a call take turns: digits, detections, jumps, the frame, and the end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import StateInvalid
from controller.script.commands.table import COMMANDS
from controller.script.effects import (
    CollectDigits,
    End,
    FetchUrl,
    JoinConference,
    ListenForSilence,
    Play,
    Record,
    SendDigits,
    Silence,
    Sound,
    Speech,
    Tone,
    Transfer,
    WaitForDigit,
)
from controller.script.engine import MOST_TIMELESS_STEPS, Engine
from controller.script.outcomes import (
    Detected,
    DigitPressed,
    Failed,
    Fetched,
    Finished,
    HungUp,
    Outcome,
    Reaction,
    Recorded,
    SilenceHeard,
    TransferAsked,
    TransferFailed,
    Transferred,
)
from controller.script.parser import parse
from controller.script.state import State
from tests.support.examples import examples
from tests.support.script_player import Player

STOP, GO_ON, RESTART = Reaction.STOP, Reaction.GO_ON, Reaction.RESTART_TIMER
MENU = r"""
~\AssignDTMF(1|sales)~ ~\AssignDTMF(2|support)~
Press 1 for sales. ~\WaitForDTMF(5)~ Nobody chose. ~\EndCall()~
~\Label(sales)~ Sales. ~\EndCall()~
~\Label(support)~ Support.
"""


def say(*texts: str) -> Play:
    return Play(tuple(Speech(text) for text in texts))


def outgoing(**given: Any) -> State:
    return State.for_outgoing(phonenumber="+12015550110", callerid="+12015550101", queueid="7", key_seed="s", **given)


def test_a_script_without_anything_ends_at_once() -> None:
    assert Player("").effect == End("end-of-script")


def test_what_is_heard_in_a_row_is_played_as_one() -> None:
    player = Player(r"One ~^tune~ ~\PlaySilence(1)~ two ~\Beep()~ ~\SetVar(a|b)~ three")
    assert player.effect == Play((Speech("One"), Sound("tune"), Silence(1.0), Speech("two"), Tone()))
    assert player.resume() == say("three")
    assert player.resume() == End("end-of-script")


def test_after_the_end_there_is_only_the_end() -> None:
    player = Player("")
    assert player.resume() == End("end-of-script")
    assert player.press("1") == [GO_ON]
    assert player.detect("MACHINE") == GO_ON
    assert player.state.digits_dialled == ""


def test_the_other_side_may_hang_up_at_any_time() -> None:
    player = Player("Hello")
    assert player.resume(HungUp()) == End("hung-up")
    assert player.resume(Finished()) == End("hung-up")


def test_what_cannot_be_played_is_noted_and_the_script_goes_on() -> None:
    player = Player(r"~^missing~ ~\SetVar(a|1)~ on")
    assert player.resume(Failed("no such sound")) == say("on")
    assert len(player.noted("error")) == 1
    assert "no such sound" in player.noted("error")[0][0]


# Digits


def test_a_bound_digit_interrupts_the_prompt_and_jumps() -> None:
    player = Player(MENU)
    assert player.press("2") == [STOP]
    assert player.effect == say("Support.")
    assert player.noted("jump") == [("support",)]
    assert player.variables["digitsdialed"] == player.state.digits_dialled == "2"


def test_a_bound_digit_after_the_prompt_jumps() -> None:
    player = Player(MENU)
    assert player.resume() == WaitForDigit(5.0)
    player.press("1")
    assert player.effect == say("Sales.")


def test_no_digit_falls_through() -> None:
    player = Player(MENU)
    player.resume()
    assert player.resume() == say("Nobody chose.")


def test_an_unbound_digit_ends_the_wait_and_the_script_goes_on() -> None:
    player = Player(MENU)
    player.resume()
    assert player.press("9") == [STOP]
    assert player.effect == say("Nobody chose.")


def test_an_unbound_digit_ends_a_prompt_only_if_the_next_command_takes_it() -> None:
    player = Player(r"One ~\WaitForDTMF(5)~ two")
    player.press("9")
    assert player.effect == say("two")
    player = Player(r"One ~\SetVar(a|b)~ ~\WaitForDTMF(5)~ two")
    assert player.press("9") == [GO_ON]
    assert player.resume() == say("two")


def test_while_digits_are_not_acted_on_they_neither_jump_nor_interrupt() -> None:
    player = Player(r"~\ActOnDigitPress(false)~ One ~\WaitForDTMF(5)~ two")
    assert player.press("19") == [GO_ON, GO_ON]
    assert player.resume() == say("two")
    assert player.state.typed_ahead == "9"
    assert player.noted("jump") == []


def test_digits_are_acted_on_again_when_the_script_says_so() -> None:
    player = Player(r"~\ActOnDigitPress(false)~ One ~\ActOnDigitPress(true)~ two")
    player.resume()
    assert player.press("1") == [STOP]
    assert player.effect == say("One")


def test_a_digit_typed_ahead_jumps_when_it_is_bound_by_then() -> None:
    player = Player(r"One ~\AssignDTMF(5|five)~ ~\WaitForDTMF(3)~ two ~\EndCall()~ ~\Label(five)~ Five.")
    assert player.press("5") == [GO_ON]
    assert player.resume() == say("Five.")


def test_a_jump_by_a_digit_forgets_what_was_typed_before_it_and_keeps_what_comes_after() -> None:
    player = Player(r"~\AssignDTMF(2|in)~ One ~\SetVar(a|b)~ two ~\EndCall()~ ~\Label(in)~ in ~\GetDigits(x)~ end")
    engine = Engine(player.program, player.state)
    assert [engine.observe(DigitPressed(digit)) for digit in "523"] == [GO_ON, STOP, GO_ON]
    assert engine.resume(Finished()) == say("in")
    assert engine.resume(Finished()) == CollectDigits("x", 5.0)
    assert engine.state.collected == "3"


def test_one_is_bound_to_the_start_until_the_bindings_are_cleared() -> None:
    player = Player(r"Hello ~\ClearDTMF()~ there")
    assert player.press("1") == [STOP]
    assert player.effect == say("Hello")
    player.resume()
    assert player.press("1") == [GO_ON]


def test_a_binding_to_a_label_that_is_not_there_is_noted_and_does_nothing() -> None:
    player = Player(r"~\AssignDTMF(2|[nowhere])~ ~\SetVar(x|lost)~ ~\AssignDTMF(3|[x])~ Hello")
    assert player.press("23") == [GO_ON, GO_ON]
    assert player.noted("error")
    assert player.effect == say("Hello")


@pytest.mark.parametrize("digit", ["", "x", "12", "\u0661", " ", "E"])
def test_what_is_no_digit_is_not_heard(digit: str) -> None:
    player = Player("Hello")
    assert Engine(player.program, player.state).observe(DigitPressed(digit)) is GO_ON
    assert player.state.digits_dialled == ""


def test_digits_are_heard_before_the_call_has_begun() -> None:
    engine = Engine(parse(r"Hello ~\GetDigits(x)~"), State.for_incoming())
    assert engine.observe(DigitPressed("7")) is GO_ON
    assert engine.start() == say("Hello")
    engine.resume(Finished())
    assert engine.state.collected == "7"
    engine = Engine(parse(r"One ~\Label(start)~ two"), State.for_incoming())
    assert engine.observe(DigitPressed("1")) is GO_ON
    assert engine.start() == say("two")


# Collecting


def collecting(arguments: str, before: str = "") -> Player:
    return Player(rf"~\ActOnDigitPress(false)~ {before} ~\GetDigits({arguments})~ Thank you.")


def test_digits_are_collected_up_to_the_pound_sign() -> None:
    player = collecting("zip")
    assert player.effect == CollectDigits("zip", 5.0, None)
    assert player.press("12#") == [RESTART, RESTART, STOP]
    assert player.effect == say("Thank you.")
    assert player.variables["zip"] == "12"
    assert player.state.digits_dialled == "12#"


def test_digits_are_collected_up_to_the_maximum_and_then_the_pound_sign_is_one_of_them() -> None:
    player = collecting("zip|3|4")
    assert player.effect == CollectDigits("zip", 3.0, 4)
    assert player.press("1#34") == [RESTART, RESTART, RESTART, STOP]
    assert player.variables["zip"] == "1#34"


def test_digits_are_collected_until_time_is_up() -> None:
    player = collecting("zip")
    player.press("12")
    assert player.resume() == say("Thank you.")
    assert player.variables["zip"] == "12"


def test_no_digit_leaves_the_variable_empty() -> None:
    player = Player(r"~\SetVar(zip|9)~ ~\GetDigits(zip)~")
    player.resume()
    assert player.variables["zip"] == ""


def test_what_was_collected_when_the_caller_hung_up_is_kept() -> None:
    player = collecting("zip")
    player.press("12")
    player.resume(HungUp())
    assert player.variables["zip"] == "12"


def test_digits_during_the_prompt_are_collected() -> None:
    player = collecting("zip|5|5", before="Your ZIP code.")
    player.press("123")
    assert player.resume() == CollectDigits("zip", 5.0, 5)
    assert player.press("45") == [RESTART, STOP]
    assert player.variables["zip"] == "12345"


def test_digits_during_the_prompt_may_be_all_that_is_needed() -> None:
    player = collecting("zip|5|3", before="Your code.")
    player.press("1234")
    assert player.resume() == say("Thank you.")
    assert (player.variables["zip"], player.state.typed_ahead) == ("123", "4")
    player = collecting("zip", before="Your code.")
    player.press("12#4")
    assert player.resume() == say("Thank you.")
    assert (player.variables["zip"], player.state.typed_ahead) == ("12", "4")


def test_a_bound_digit_jumps_out_of_collecting_if_digits_are_acted_on() -> None:
    player = Player(r"Hello ~\GetDigits(zip)~")
    player.resume()
    assert player.press("51") == [RESTART, STOP]
    assert player.effect == say("Hello")
    assert player.variables["zip"] == "5"


def test_a_bound_digit_that_was_typed_ahead_is_told_after_what_it_ended() -> None:
    player = Player(r"~\ClearDTMF()~ Hello ~\AssignDTMF(2|two)~ ~\GetDigits(x)~ ~\EndCall()~ ~\Label(two)~ Two.")
    player.press("42")
    assert player.resume() == say("Two.")
    events = [note.event for note in player.notes if note.event != "step"]
    assert events == ["digit", "digit", "collect_digits", "set", "jump"]
    assert player.variables["x"] == "4"


def test_collecting_without_time_takes_what_was_typed() -> None:
    player = Player(r"~\ActOnDigitPress(false)~ Hello ~\GetDigits(zip|0)~ on")
    player.press("12")
    assert player.resume() == say("on")
    assert player.variables["zip"] == "12"


def test_however_long_somebody_presses_keys_what_is_kept_is_bounded() -> None:
    player = Player(r"~\ActOnDigitPress(false)~ Hello ~\GetDigits(zip)~")
    engine = Engine(player.program, player.state)
    for _ in range(2000):
        engine.observe(DigitPressed("5"))
    assert len(engine.state.digits_dialled) == len(engine.state.variables["digitsdialed"]) == 500
    assert len(engine.state.typed_ahead) == 100
    engine.resume(Finished())
    reactions = [engine.observe(DigitPressed("5")) for _ in range(450)]
    assert reactions.index(STOP) == 399
    engine.resume(Finished())
    assert len(engine.state.variables["zip"]) == 500


# Conversations, recordings and what cannot be interrupted


@pytest.mark.parametrize("command", ["TransferTo(2015550110)", "Conference()"])
def test_digits_and_detections_during_a_conversation_are_its_own(command: str) -> None:
    player = Player(rf"~\{command}~ on", outgoing())
    player.resume(SilenceHeard(True))
    assert isinstance(player.effect, (Transfer, JoinConference))
    assert player.press("15#") == [GO_ON] * 3
    assert player.detect("MACHINE") is GO_ON
    assert player.state.typed_ahead == ""
    assert player.state.digits_dialled == "15#"


def test_a_recording_ends_at_the_pound_sign_and_other_digits_are_part_of_it() -> None:
    player = Player(r"~\ClearDTMF()~ ~\RecordAndSaveAs(Name)~ on")
    assert player.effect == Record("name", 120.0, 5.0)
    assert player.press("5") == [GO_ON]
    assert player.press("#") == [STOP]
    assert player.effect == say("on")


def test_a_bound_digit_ends_a_recording_that_is_kept_and_jumps() -> None:
    player = Player(r"~\AssignDTMF(2|two)~ ~\RecordAndSaveAs(name)~ on ~\Label(two)~ two")
    engine = Engine(player.program, player.state)
    assert engine.observe(DigitPressed("2")) is STOP
    assert engine.resume(Recorded(3.4)) == say("two")
    assert engine.state.variables["lastrecordlength"] == "3"


def test_a_bound_digit_while_a_server_is_asked_jumps_when_it_has_answered() -> None:
    player = Player(r"~\QueryExternalServer(http://example.com/|a)~ on ~\Label(two)~ two")
    player.state.bindings["2"] = "two"
    assert player.press("2") == [GO_ON]
    assert player.resume(Fetched(200, "yes")) == say("two")
    assert player.variables["a"] == "yes"


# The frame

GREETING = ListenForSilence(1.0, 2, 20.0, greeting=True)


def test_an_outgoing_call_waits_for_silence_before_it_speaks() -> None:
    player = Player("Hello", outgoing())
    assert player.effect == GREETING
    assert player.resume(SilenceHeard(True)) == say("Hello")
    assert player.noted("step") == [("Label(ring)",), ("InitialAMD()",), ("WaitForSilence(1|2)",), ("Hello",)]


def test_an_incoming_call_and_a_quick_start_speak_at_once() -> None:
    assert Player("Hello").effect == say("Hello")
    assert Player(r"Hello ~\QuickStart()~", outgoing()).effect == say("Hello")


def test_a_human_is_noted_and_changes_nothing() -> None:
    player = Player("Hello", outgoing())
    assert player.detect("HUMAN") is GO_ON
    assert player.variables["machinedetection"] == player.state.machine_detection == "HUMAN"
    assert player.noted("detected") == [("HUMAN",)]
    assert player.resume(SilenceHeard(True)) == say("Hello")


@pytest.mark.parametrize("what", ["MACHINE", "FAX", "machine"])
def test_a_machine_starts_the_message_again_when_its_greeting_is_over(what: str) -> None:
    player = Player(r"Hello ~\SetVar(a|b)~ there", outgoing())
    player.resume(SilenceHeard(True))
    player.resume()
    assert player.detect(what) is STOP
    if what != "FAX":
        assert player.effect == GREETING
        player.resume(SilenceHeard(True))
    assert player.effect == say("Hello")
    assert player.noted("jump") == [("start",)]


def test_a_machine_goes_to_the_label_that_the_script_has_for_it_when_its_greeting_is_over() -> None:
    player = Player(r"Hello ~\EndCall()~ ~\Label(Amd)~ Please call back.", outgoing())
    assert player.detect("MACHINE") is GO_ON
    assert player.resume(SilenceHeard(True)) == say("Please call back.")
    assert player.noted("jump") == [("amd",)]


def test_the_evidence_for_what_was_recognised_stays_with_the_call() -> None:
    player = Player("Hello", outgoing())
    player.detect("MACHINE", "a beep of 1000 Hz for 0.50 s")
    assert player.noted("detected") == [("MACHINE", "a beep of 1000 Hz for 0.50 s")]


def test_a_machine_that_is_recognised_before_anything_was_said_is_waited_out() -> None:
    player = Player("Hello", outgoing())
    assert player.detect("MACHINE") is GO_ON
    assert player.resume(SilenceHeard(True)) == say("Hello")
    assert player.noted("jump") == [("start",)]


OWN_START = r"~\ClearDTMF()~ ~\SetVar(a|1)~ ~\IncreaseVariable(a|1)~ Intro. ~\SetVar(b|2)~ ~\Label(Start)~ Hello"


@pytest.mark.parametrize("way", ["machine", "digit"])
def test_who_cannot_have_heard_anything_yet_hears_the_script_from_its_beginning(way: str) -> None:
    player = Player(OWN_START, outgoing())
    if way == "machine":
        player.detect("MACHINE")
        player.resume(SilenceHeard(True))
    else:
        assert player.press("1") == [STOP]
    assert player.effect == say("Intro.")
    assert player.variables["a"] == "2"
    assert player.noted("jump") == [("start",)]
    assert player.resume() == say("Hello")
    assert player.detect("FAX") is STOP
    assert player.effect == say("Hello")


def test_what_a_script_sets_at_its_beginning_is_set_once_before_a_jump_from_the_first_wait() -> None:
    settings = r"~\SetVar(a|1)~ ~\IncreaseVariable(a|1)~ ~\ErrorEmail(me@example.com)~"
    player = Player(settings + r" ~\Label(amd)~ ~\IncreaseVariable(a|1)~ Hello", outgoing())
    assert player.detect("MACHINE") is GO_ON
    player.resume(SilenceHeard(True))
    assert player.effect == say("Hello")
    assert player.variables["a"] == "3"
    assert player.state.error_email == "me@example.com"
    player = Player(settings + r" Hello", outgoing(transfer_number="+12015550199"))
    assert player.press("0") == [STOP]
    assert player.state.error_email == "me@example.com"
    assert player.resume(TransferFailed("busy")) == say("Hello")
    assert player.variables["a"] == "2"


def test_a_script_that_acts_on_no_detection_does_not_from_its_beginning() -> None:
    player = Player(r"~\ActOnFeature(false)~ Hello ~\EndCall()~ ~\Label(amd)~ Machine.", outgoing())
    assert player.detect("MACHINE") is GO_ON
    assert player.resume(SilenceHeard(True)) == say("Hello")
    assert player.noted("jump") == []


def test_the_same_detection_restarts_only_once() -> None:
    player = Player("Hello", outgoing())
    player.resume(SilenceHeard(True))
    assert [player.detect(what) for what in ("MACHINE", "MACHINE", "FAX", "MACHINE", "FAX")] == [
        STOP,
        GO_ON,
        STOP,
        GO_ON,
        GO_ON,
    ]
    assert player.state.machine_detection == "FAX"


def test_ringing_after_the_answer_is_counted_and_waited_out_again() -> None:
    player = Player("Hello", outgoing())
    player.resume(SilenceHeard(True))
    assert player.detect("RING") is STOP
    assert player.effect == GREETING
    assert player.detect("RING") is GO_ON
    assert player.variables["incallringcount"] == "2"
    assert player.state.machine_detection == ""


def test_a_script_may_have_its_own_label_for_ringing() -> None:
    player = Player(r"Hello ~\EndCall()~ ~\Label(ring)~ Ringing.", outgoing())
    player.resume(SilenceHeard(True))
    player.detect("RING")
    assert player.effect == say("Ringing.")


def test_a_script_may_switch_restarting_off() -> None:
    player = Player(r"~\ActOnFeature(false)~ Hello", outgoing())
    player.resume(SilenceHeard(True))
    assert player.detect("MACHINE") is GO_ON
    assert player.variables["machinedetection"] == "MACHINE"


def test_zero_transfers_a_call_that_has_a_transfer_number() -> None:
    player = Player("Hello", outgoing(transfer_number="+12015550199"))
    player.resume(SilenceHeard(True))
    assert player.press("0") == [STOP]
    assert player.effect == Transfer("+12015550199")
    assert player.noted("jump") == [("transfer",)]
    assert player.resume(Transferred()) == End("transferred")


def test_a_failed_transfer_by_zero_goes_on_where_it_was_left() -> None:
    player = Player(r"Hello ~\SetVar(a|b)~ there", outgoing(transfer_number="+12015550199"))
    player.resume(SilenceHeard(True))
    player.resume()
    player.press("0")
    assert player.resume(TransferFailed("busy")) == say("there")


def test_without_a_transfer_number_or_its_binding_zero_is_a_digit_like_any_other() -> None:
    player = Player("Hello", outgoing())
    player.resume(SilenceHeard(True))
    assert player.press("0") == [GO_ON]
    player = Player(r"~\ClearDTMF()~ Hello", outgoing(transfer_number="+12015550199"))
    player.resume(SilenceHeard(True))
    assert player.press("0") == [GO_ON]


def test_a_call_knows_its_own_data() -> None:
    assert Player("").variables == {
        "phonenumber": "+12015550101",
        "callerid": "+12015550110",
        "queueid": "0",
        "incoming": "true",
    }
    state = outgoing(calleridname="Ann", extension="12", variables={"Name": "x" * 600})
    player = Player("", state)
    player.resume(SilenceHeard(True))
    assert player.variables == {
        "phonenumber": "+12015550110",
        "callerid": "+12015550101",
        "calleridname": "Ann",
        "queueid": "7",
        "extension": "12",
        "name": "x" * 500,
    }
    assert player.state.script_variables == {"name": "x" * 500}


# Ends and limits


def test_a_loop_that_takes_no_time_is_stopped() -> None:
    player = Player(r"~\Label(a)~ ~\Goto(a)~")
    assert player.effect == End("step-limit")
    assert len(player.noted("step")) == MOST_TIMELESS_STEPS
    assert len(player.noted("error")) == 1


def test_a_loop_of_what_fails_at_once_is_stopped() -> None:
    player = Player(r"~\Label(a)~ ~^missing~ ~\TransferTo(2015550110)~ ~\Goto(a)~")
    while not isinstance(player.effect, End):
        player.resume(Failed("no") if isinstance(player.effect, Play) else TransferFailed("busy"))
    assert player.effect == End("step-limit")


@pytest.mark.parametrize("outcome", [Failed("no"), TransferFailed("busy"), Fetched(200, "no")])
def test_a_loop_of_what_fails_after_a_while_goes_on(outcome: Outcome) -> None:
    command = "QueryExternalServer(http://h/|x)" if isinstance(outcome, Fetched) else "TransferTo(2015550110)"
    player = Player(rf"~\Label(a)~ ~\{command}~ ~\Goto(a)~")
    for _ in range(2000):
        player.resume(outcome, 0.1)
    assert not isinstance(player.effect, End)
    while not isinstance(player.effect, End):
        player.resume(outcome, 0.099)
    assert player.effect == End("step-limit")


def test_what_was_heard_in_part_is_told_and_counts_as_time() -> None:
    player = Player(r"~\Label(a)~ Please wait. ~^gone~ ~\Goto(a)~")
    for _ in range(2000):
        player.resume(Finished("there is no sound “gone”"))
    assert not isinstance(player.effect, End)
    assert player.noted("error") == [("there is no sound “gone”",)] * 2000


def test_a_call_that_asks_a_server_again_and_again_is_slowed_down() -> None:
    player = Player(r"~\Label(a)~ ~\QueryExternalServer(http://h/|x)~ ~\Goto(a)~")
    asked = []
    for _ in range(120):
        assert isinstance(player.effect, FetchUrl)
        least = player.effect.least_seconds
        asked.append(least)
        player.resume(Fetched(200, "no"), max(0.01, least))
    assert asked == [0.0] * 100 + [1.0] * 20


def test_a_loop_of_commands_between_blinks_of_silence_is_stopped() -> None:
    setting = r" ~\SetVar(a|1)~" * 900
    player = Player(rf"~\Label(a)~ {setting} ~\PlaySilence(0.02)~ ~\Goto(a)~")
    played = 0
    while not isinstance(player.effect, End):
        player.resume(seconds=0.02)
        played += 1
    assert (player.effect, played) == (End("step-limit"), 1)


def test_a_long_script_that_says_something_now_and_then_runs_to_its_end() -> None:
    part = r" ~\SetVar(a|1)~" * 300 + " Hello "
    player = Player(part * 20)
    while not isinstance(player.effect, End):
        player.resume(seconds=3.0)
    assert player.effect == End("end-of-script")


def test_variables_hold_so_much_and_no_more() -> None:
    value = "x" * 500
    player = Player("".join(rf" ~\SetVar(v{number}|{value})~" for number in range(300)))
    assert sum(map(len, player.variables.values())) <= 100_000
    assert player.noted("error")[-1] == ("The variables hold more than 100000 characters; v299 is not set.",)
    assert Player(rf"~\SetVar(a|{value})~ ~\SetVar(a|b)~").variables["a"] == "b"


def test_a_loop_that_takes_time_goes_on() -> None:
    player = Player(r"~\Label(a)~ Hello ~\Goto(a)~")
    for _ in range(3000):
        assert player.effect == say("Hello")
        player.resume()


@pytest.mark.parametrize(
    "script", [r"~\PlaySilence(0)~", r"~\WaitForDTMF(0)~", r"~\WaitForSilence(0)~", r"~\GetDigits(a|0)~"]
)
def test_what_takes_no_time_is_no_effect(script: str) -> None:
    assert Player(script).effect == End("end-of-script")
    assert Player(script + r" ~\Goto(start)~").effect == End("step-limit")


def test_ten_thousand_steps_are_run_to_their_end() -> None:
    program = parse(
        r"~\Label(a)~ ~\IncreaseVariable(n|1)~ ~\SetVar(b|[n])~ ~\GotoIf(n|2500|end)~ Hello ~\Goto(a)~ ~\Label(end)~"
    )
    engine = Engine(program, State.for_incoming())
    effect = engine.start()
    while not isinstance(effect, End):
        effect = engine.resume(Finished(), 1.0)
    assert effect == End("end-of-script")
    assert len([note for note in engine.take_notes() if note.event == "step"]) > 10_000


# The state


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"version": 2}',
        json.dumps(State().to_json() | {"position": "x"}),
        json.dumps(State().to_json() | {"pending": {"type": "Explode"}}),
        json.dumps(State().to_json() | {"pending": {"type": "Play"}}),
        json.dumps(State().to_json() | {"unheard_of": 1}),
        "[" * 100_000,
    ],
)
def test_what_is_no_state_is_refused(stored: str) -> None:
    with pytest.raises(StateInvalid):
        State.from_json(stored)


def test_a_state_is_read_as_text_or_as_a_value() -> None:
    state = Player(MENU).state
    assert State.from_json(state.to_json()) == state
    assert State.from_json(json.dumps(state.to_json()).encode()) == state


def test_a_state_whose_script_has_become_shorter_ends_the_call() -> None:
    player = Player("One ~\\SetVar(a|b)~ two")
    player.resume()
    engine = Engine(parse(""), player.state)
    assert engine.observe(DigitPressed("5")) is GO_ON
    assert engine.resume(Finished()) == End("end-of-script")


# Whatever happens

ARGUMENTS = st.sampled_from(
    [
        "start",
        "amd",
        "a",
        "b",
        "x",
        "[x]",
        "1",
        "2",
        "0.5",
        "5",
        "#",
        "true",
        "false",
        "http://h/[a]",
        "2015550110",
        "",
        "-+5",
        "my var",
        "[my var]",
    ]
)
ELEMENTS = st.one_of(
    st.sampled_from(
        ["Hello", "~^tune~", "~^[x]~", r"~\Label(a)~", r"~\Label(b)~", r"~\Label(amd)~", r"~\GetDigits(x)~"]
    ),
    st.tuples(st.sampled_from(list(COMMANDS)), st.lists(ARGUMENTS, max_size=4)).map(
        lambda made: rf"~\{made[0]}({'|'.join(made[1])})~"
    ),
)
SCRIPTS = st.lists(ELEMENTS, max_size=12).map(" ".join)
HAPPENINGS = st.one_of(
    st.sampled_from("0123456789*#ABCDx").map(DigitPressed),
    st.sampled_from(["HUMAN", "MACHINE", "FAX", "RING", "UNKNOWN", ""]).map(Detected),
    st.sampled_from(
        [
            Finished(),
            Failed("it failed"),
            SilenceHeard(True),
            SilenceHeard(False),
            Recorded(2.5),
            Transferred(),
            TransferFailed("busy"),
            Fetched(200, "a"),
            Fetched(500, "oops"),
            HungUp(),
        ]
    ),
)


@settings(max_examples=examples(200), deadline=None)
@given(SCRIPTS, st.booleans(), st.lists(HAPPENINGS, max_size=30))
def test_nothing_that_happens_raises_and_the_state_survives_json_at_every_step(
    script: str, incoming: bool, happenings: list[Any]
) -> None:
    player = Player(script, State.for_incoming() if incoming else outgoing(transfer_number="+12015550199"))
    for happening in happenings:
        if isinstance(happening, DigitPressed):
            player.press(happening.digit)
        elif isinstance(happening, Detected):
            player.detect(happening.what)
        else:
            player.resume(happening)
    assert all(len(value) <= 500 for value in player.variables.values())


@settings(max_examples=examples(100), deadline=None)
@given(
    SCRIPTS, st.booleans(), st.lists(st.sampled_from([Failed("no"), TransferFailed("busy")]), min_size=1, max_size=5)
)
def test_every_script_ends_when_nothing_takes_time(script: str, incoming: bool, outcomes: list[Outcome]) -> None:
    engine = Engine(parse(script), State.for_incoming() if incoming else outgoing())
    effect = engine.start()
    for number in range(MOST_TIMELESS_STEPS + 10):
        if isinstance(effect, End):
            break
        effect = engine.resume(outcomes[number % len(outcomes)])
    assert isinstance(effect, End)


def test_an_operator_has_a_call_leave_its_script_for_a_transfer_and_a_failed_one_goes_on_where_it_was() -> None:
    engine = Engine(parse(MENU), State.for_incoming())
    assert engine.start() == say("Press 1 for sales.")
    assert engine.observe(TransferAsked("+12015550110")) is STOP
    assert engine.converses
    assert engine.observe(DigitPressed("1")) is GO_ON
    taken_over = Engine(parse(MENU), State.from_json(json.dumps(engine.state.to_json())))
    for each in (engine, taken_over):
        assert each.resume(Finished()) == Transfer("+12015550110")
        assert each.observe(TransferAsked("+12015550111")) is GO_ON
        assert each.resume(TransferFailed("busy")) == say("Press 1 for sales.")
        assert not each.converses
        assert each.observe(TransferAsked("sip:alice")) is STOP
        assert each.resume(Finished()) == Transfer("sip:alice")
        assert each.resume(Transferred()) == End("transferred")
        assert each.observe(TransferAsked("+12015550110")) is GO_ON


def test_an_operators_transfer_waits_for_what_cannot_be_stopped() -> None:
    engine = Engine(parse(r"~\DialDTMF(12w34#)~ Done."), State.for_incoming())
    assert isinstance(engine.start(), SendDigits)
    assert engine.observe(TransferAsked("+12015550110")) is GO_ON
    assert engine.resume(Finished()) == Transfer("+12015550110")


def test_nobody_is_transferred_from_a_transfer_or_a_conference() -> None:
    for script in (r"~\TransferTo(12015550110)~", r"~\SetVar(confkey|a)~ ~\Conference()~"):
        engine = Engine(parse(script), State.for_incoming())
        engine.start()
        assert engine.converses
        assert engine.observe(TransferAsked("+12015550111")) is GO_ON
        assert engine.state.jump == ""
