"""What is proven of a script's length holds in every run of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from controller.script.analysis.bounds import Bounds, Lengths, bounds
from controller.script.analysis.switches import MOST_WORK, SwitchFlow
from controller.script.commands.speech import BEEP_SECONDS, Say, speech_seconds
from controller.script.effects import (
    CollectDigits,
    Effect,
    End,
    FetchUrl,
    JoinConference,
    ListenForSilence,
    Play,
    Prompt,
    Record,
    SendDigits,
    Silence,
    Sound,
    SpecialSound,
    Speech,
    Tone,
    Transfer,
    WaitForDigit,
)
from controller.script.engine import Engine
from controller.script.outcomes import Detected, DigitPressed, Finished, Outcome, Reaction, TransferFailed, Transferred
from controller.script.parser import parse
from controller.script.program import Program
from controller.script.state import State
from tests.support.examples import examples

T = TypeVar("T")

TEN = "1234567890"  # a text of 0.6 seconds
QUIET = r"~\ClearDTMF()~ "


def proven(script: str, **options: Any) -> Bounds:
    return bounds(parse(script), **options)


def about(shortest: float | None, longest: float | None) -> Bounds:
    """Bounds of so many seconds, as far as floating point tells them apart."""
    nearly: list[Any] = [None if seconds is None else pytest.approx(seconds) for seconds in (shortest, longest)]
    return Bounds(nearly[0], nearly[1], 0)


@pytest.mark.parametrize(
    ("script", "shortest", "longest"),
    [
        ("", 0.0, 0.0),
        (QUIET + TEN, 0.6, 0.6),
        (QUIET + "Hi", 0.5, 0.5),
        (QUIET + rf"{TEN} ~\PlaySilence(2)~ {TEN}", 3.2, 3.2),
        (QUIET + rf"{TEN} ~\WaitForDTMF(5)~", 0.0, 5.6),
        (QUIET + r"~\ActOnDigitPress(false)~" + rf"{TEN} ~\WaitForDTMF(5)~", 0.6, 5.6),
        (QUIET + r"~\ActOnDigitPress(false)~" + rf"{TEN} ~\GetDigits(a|5|3)~", 0.6, 15.6),
        (QUIET + r"~\SetVar(a|1)~" + rf"{TEN} ~\GotoIf(a|1|end)~ ~\PlaySilence(3)~ ~\Label(end)~", 0.6, 3.6),
        (QUIET + rf"{TEN} ~\EndCall()~ ~\PlaySilence(60)~", 0.6, 0.6),
        (QUIET + r"~\AssignDTMF(2|b)~" + rf"{TEN} ~\EndCall()~ ~\Label(b)~ ~\PlaySilence(1)~", 0.6, None),
        (QUIET + r"~\AssignDTMF(2|b)~" + rf"{TEN} ~\EndCall()~ ~\Label(b)~ ~\ClearDTMF()~ ~\PlaySilence(1)~", 0.6, 1.6),
        (r"~\AssignDTMF(1|b)~" + rf"{TEN} ~\EndCall()~ ~\Label(b)~ ~\ClearDTMF()~ ~\PlaySilence(1)~", 0.6, 1.6),
        (r"~\ActOnDigitPress(false)~ " + TEN, 0.6, 0.6),
        (TEN, 0.6, None),
        (QUIET + r"~\Label(a)~ x ~\Goto(a)~", None, None),
        (QUIET + r"~\Label(a)~ ~\Goto(a)~", 0.0, 0.0),
        (QUIET + r"~\TransferTo(2015550110)~", 0.0, None),
        (QUIET + r"~\Conference()~", 0.0, None),
        (QUIET + r"~\QueryExternalServer(http://example.com/|a)~", 0.0, 10.0),
        (QUIET + r"~\RecordAndSaveAs(a|30)~", 0.0, 30.0),
        (QUIET + r"~\WaitForSilence(2|3)~", 2.0, 30.0),
        (QUIET + r"~\DialDTMF(12w)~", 0.9, 0.9),
        (QUIET + r"~^tune~", 0.0, None),
    ],
)
def test_bounds_of_calls_that_come_in(script: str, shortest: float | None, longest: float | None) -> None:
    assert proven(script) == about(shortest, longest)


def test_the_lengths_of_sounds_and_texts_may_be_known() -> None:
    lengths = Lengths(text=len, sound={"tune": 3.5}.get)
    assert proven(QUIET + f"~^tune~ {TEN}", lengths=lengths) == Bounds(13.5, 13.5, 0)
    assert proven(QUIET + f"~^other~ {TEN}", lengths=lengths) == Bounds(10.0, None, 0)


def test_an_outgoing_call_waits_for_silence_and_may_start_again_for_a_machine_a_fax_and_ringing() -> None:
    # Twice to the first silence, and the greeting of a machine that is recognised later.
    assert proven(QUIET + TEN, incoming=False) == about(0.6, 2 * 40.0 + 40.0 + 4 * 0.6)
    assert proven(QUIET + TEN + r"~\QuickStart()~", incoming=False) == about(0.6, 40.0 + 4 * 0.6)
    script = QUIET + rf"{TEN} ~\QuickStart()~ ~\EndCall()~ ~\Label(amd)~ ~\PlaySilence(2)~"
    # Before ClearDTMF has run, 1 still leads from `amd` to the start.
    assert proven(script, incoming=False) == about(0.6, 40.0 + 2 * 0.6 + 2 * (2.0 + 0.6))


class Texting(Say):
    """A text that is sent."""

    sends = 1


def test_texts_are_counted_along_the_longest_way() -> None:
    quiet = [step.command for step in parse(QUIET).steps]
    one = Program.of([*quiet, Texting("a"), *(step.command for step in parse("~\\EndCall()~").steps), Texting("b")])
    assert bounds(one).most_texts == 1
    assert bounds(Program.of([*quiet, Texting("a"), Texting("b")])).most_texts == 2
    assert bounds(Program.of([Texting("a")])).most_texts is None


@pytest.mark.parametrize("piece", [r"~\Label(a{0})~ ~\AssignDTMF(2|a{0})~ x ", r"~\GotoIf(a|1|[x])~ ~\Label(a{0})~ x "])
def test_nothing_is_proven_of_what_would_take_too_long(piece: str) -> None:
    program = parse("".join(piece.format(number) for number in range(600)))
    assert bounds(program).longest is None
    assert bounds(parse(QUIET * 3000)) == Bounds(0.0, None, None)


def test_many_labels_for_digits_that_only_the_call_knows_are_given_up_on_before_they_take_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = "".join(rf"~\AssignDTMF([d]|l{number})~" for number in range(660))
    script += "".join(rf"~\Label(l{number})~x" for number in range(660))
    followed = 0
    follow = SwitchFlow.onward

    def counted(*given: Any) -> Iterator[Any]:
        nonlocal followed
        for each in follow(*given):
            followed += 1
            yield each

    monkeypatch.setattr(SwitchFlow, "onward", counted)
    assert bounds(parse(script)) == Bounds(0.0, None, None)
    assert followed <= MOST_WORK + 2000


@pytest.mark.parametrize(
    "script",
    [
        r"~\QuickStart()~~\SoundPausing(true)~~\ActOnFeature(false)~Hi.",
        r"~\SoundPausing([x])~Hi.",
        r"~\GotoIf(x|1|on)~ ~\SoundPausing(false)~ ~\Label(on)~ ~\SetVar(a|1)~ ~\SoundPausing()~ ~\PlaySilence(1)~",
    ],
)
def test_what_the_other_side_may_make_pause_has_no_longest_time(script: str) -> None:
    assert proven(QUIET + script).longest is None


def test_what_does_not_pause_any_more_has_a_longest_time() -> None:
    assert proven(QUIET + rf"~\SoundPausing()~ ~\SoundPausing(false)~ {TEN}").longest == pytest.approx(0.6)
    assert proven(QUIET + rf"{TEN} ~\SoundPausing()~ ~\WaitForDTMF(2)~").longest == pytest.approx(2.6)


def test_a_jump_to_ring_waits_for_silence_again_on_a_call_that_was_placed() -> None:
    script = QUIET + rf"~\IncreaseVariable(n|1)~ {TEN} ~\GotoIf(n|1|ring)~"
    assert proven(script, incoming=False).longest is None
    assert proven(script).longest is None
    assert proven(QUIET + r"~\GotoIf(n|1|ring)~") == Bounds(0.0, 0.0, 0)
    assert proven(QUIET + r"~\GotoIf(n|1|ring)~", incoming=False).longest is None


def test_so_many_commands_that_they_may_be_stopped_have_no_shortest_time() -> None:
    assert proven(r"~\SetVar(a|1)~" * 1100 + TEN).shortest == 0.0


@pytest.mark.parametrize(
    "command",
    [
        r"~\PlayAlphaNumeric({long})~",
        r"~\SetVar(a|{half})~~\PlayAlphaNumeric([a][a][a][a])~",
        r"~\SetVar(5|777777777777777)~~\PlayAmount(5)~",
        r"~\SetVar(a|-777777777777777.77)~~\PlayAmount(a)~",
        r"~\SetVar(a|{half})~~\VariableToTTS(a)~",
    ],
)
def test_what_is_spoken_of_a_variable_keeps_within_its_bounds(command: str) -> None:
    program = parse(QUIET + command.format(long="_" * 2000, half="_" * 500))
    play = Engine(program, State.for_incoming()).start()
    assert isinstance(play, Play)
    seconds = sum(speech_seconds(prompt.text) for prompt in play.prompts if isinstance(prompt, Speech))
    limits = bounds(program)
    assert limits.shortest is not None
    assert limits.longest is not None
    assert limits.shortest <= seconds + 0.001
    assert seconds <= limits.longest + 0.001


ELEMENTS = st.sampled_from(
    [
        "Hello there",
        "~^tune~",
        r"~\Label(a)~",
        r"~\Label(b)~",
        r"~\Label(amd)~",
        r"~\Label(start)~",
        r"~\Goto(b)~",
        r"~\Goto([x])~",
        r"~\GotoIf(x|5|a)~",
        r"~\EndCall()~",
        r"~\ClearDTMF()~",
        r"~\AssignDTMF(1|b)~",
        r"~\AssignDTMF(2|b)~",
        r"~\ActOnDigitPress(false)~",
        r"~\ActOnDigitPress(true)~",
        r"~\ActOnFeature(false)~",
        r"~\WaitForDTMF(3)~",
        r"~\GetDigits(x|2|2)~",
        r"~\GetDigits(x|1)~",
        r"~\PlaySilence(1.5)~",
        r"~\VariableToTTS(x)~",
        r"~\WaitForSilence(1)~",
        r"~\RecordAndSaveAs(tune|4)~",
        r"~\DialDTMF(1w)~",
        r"~\QueryExternalServer(http://h/|x)~",
        r"~\QuickStart()~",
        "Wait <break time='2s'/> for it",
        r"~\Goto(ring)~",
        r"~\GotoIf(x|5|ring)~",
        r"~\AssignDTMF(5|ring)~",
        r"~\SetVar(5|777777777777777)~",
        r"~\SetVar(x|5)~",
        r"~\PlayAmount(5)~",
        r"~\PlayAmount(x)~",
        r"~\PlayAlphaNumeric(x)~",
        rf"~\PlayAlphaNumeric({'_' * 600})~",
        r"~\PlaySpecialSoundFile(ding)~",
        r"~\SoundPausing(true)~",
        r"~\SoundPausing(false)~",
        r"~\IncreaseVariable(n|1)~",
    ]
)
SCRIPTS = st.lists(ELEMENTS, max_size=10).map(lambda elements: QUIET + " ".join(elements))


TRANSFERS: SearchStrategy[Outcome] = st.sampled_from([Transferred(), TransferFailed("busy")])


class Draw(Protocol):
    """Hypothesis's choice among what a strategy offers."""

    def __call__(self, strategy: SearchStrategy[T]) -> T: ...


class Clock:
    """Plays a script, with chances that hypothesis draws: how long things last, which digits are pressed when."""

    def __init__(self, program: Program, incoming: bool, draw: Draw) -> None:
        self.engine = Engine(program, State.for_incoming() if incoming else State.for_outgoing())
        self.incoming = incoming
        self.draw = draw
        self.seconds = 0.0

    def run(self) -> str | None:
        effect = self.engine.start()
        for _ in range(60):
            if isinstance(effect, End):
                return effect.reason
            self._pass(effect)
            effect = self.engine.resume(self.draw(TRANSFERS) if isinstance(effect, Transfer) else Finished())
        return None

    def _pass(self, effect: Effect) -> None:
        left = self._length(effect)
        for digit in self.draw(st.text("125#", max_size=3)):
            share = self.draw(st.sampled_from([0.0, 0.5]))
            self.seconds += left * share
            left -= left * share
            reaction = self.engine.observe(DigitPressed(digit))
            if reaction is Reaction.RESTART_TIMER:
                assert isinstance(effect, WaitForDigit | CollectDigits)
                left = effect.seconds
            if reaction is Reaction.STOP:
                return
        if not self.incoming and self.draw(st.booleans()):
            what = self.draw(st.sampled_from(["MACHINE", "FAX", "RING", "HUMAN"]))
            if self.engine.observe(Detected(what)) is Reaction.STOP:
                return
        self.seconds += left

    def _length(self, effect: Effect) -> float:
        match effect:
            case Play(prompts, pausing):
                paused = self.draw(st.sampled_from([0.0, 30.0])) if pausing else 0.0
                return paused + sum(self._prompt(prompt) for prompt in prompts)
            case WaitForDigit(seconds) | CollectDigits(_, seconds):
                return seconds
            case ListenForSilence(seconds, tries, limit):
                return self.draw(st.sampled_from([seconds, tries * limit]))
            case SendDigits(digits):
                return sum(0.5 if digit == "w" else 0.2 for digit in digits)
            case Record(_, longest):
                return self.draw(st.sampled_from([0.0, longest]))
            case FetchUrl():
                return self.draw(st.sampled_from([0.0, 10.0]))
            case JoinConference() | Transfer():
                return 1000.0
        raise AssertionError(effect)

    def _prompt(self, prompt: Prompt) -> float:
        match prompt:
            case Speech(text):
                return max(0.5, 0.06 * len(text))
            case Sound() | SpecialSound():
                return 2.0
            case Silence(seconds):
                return seconds
            case Tone():
                return BEEP_SECONDS
        raise AssertionError(prompt)


@pytest.mark.thorough
@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SCRIPTS, st.booleans(), st.data())
def test_every_run_keeps_within_its_proven_bounds(script: str, incoming: bool, data: st.DataObject) -> None:
    program = parse(script)
    limits = bounds(program, incoming=incoming, lengths=Lengths(sound=lambda _: 2.0))
    clock = Clock(program, incoming, data.draw)
    reason = clock.run()
    if limits.longest is not None:
        assert reason is not None, "the script has a bound, and does not end"
        assert clock.seconds <= limits.longest + 0.01
    if reason is not None:
        assert limits.shortest is not None
        assert clock.seconds >= limits.shortest - 0.01
