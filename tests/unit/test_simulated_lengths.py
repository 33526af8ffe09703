"""The simulator and the proven bounds do not disagree: no simulated call is shorter or longer than its bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.ivr.compiled import compile_ivr
from controller.ivr.model import Choice, Destination, DtmfStep, Ivr, RecordingStep, Sequence, TextStep
from controller.script.analysis.bounds import Bounds, Lengths, bounds
from controller.script.parser import parse
from controller.script.program import Program
from controller.script.simulation.simulator import BEEP_SECONDS, Simulation
from controller.script.simulation.situation import ANSWERERS, CALLER, Press, ScriptedKeypad, Situation
from controller.script.state import State
from controller.speech.heard_text import spoken
from controller.speech.house_sounds import HOUSE_SECONDS
from tests.support.examples import examples

QUIET = r"~\ClearDTMF()~ "
LIMITS = {"call-length-limit", "line-limit", "step-limit"}
SOUNDS = {"tune": 2.5, "short": 0.25}
LENGTHS = Lengths(text=lambda text: spoken(text).seconds, sound=SOUNDS.get, house=HOUSE_SECONDS)

ELEMENTS = st.sampled_from(
    [
        "Hello there",
        "One <break time='2s'/> two",
        "<break strength='none'/>",
        "One,,,, , two",
        ",,,",
        "<s>First.</s><s>Then, ,, more &amp; more</s>",
        "<prosody rate='slow'>slowly</prosody> a < b",
        "~^tune~",
        "~^short~",
        "~^missing~",
        r"~\PlaySpecialSoundFile(ding)~",
        r"~\PlaySpecialSoundFile([x])~",
        r"~\Label(a)~",
        r"~\Label(b)~",
        r"~\Label(amd)~",
        r"~\Goto(b)~",
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
        r"~\Beep()~",
        r"~\SetVar(x|5)~",
        r"~\VariableToTTS(x)~",
        r"~\PlayAmount(12.34)~",
        r"~\PlayAlphaNumeric(x)~",
        r"~\WaitForSilence(1)~",
        r"~\RecordAndSaveAs(tune|4)~",
        r"~\RecordAndSaveAs(missing|9|1)~",
        r"~\DialDTMF(1w)~",
        r"~\QueryExternalServer(http://h/|x)~",
        r"~\QuickStart()~",
        r"~\SoundPausing(true)~",
        r"~\TransferTo(2015550110||7)~",
        r"~\Goto(ring)~",
        r"~\GotoIf(x|5|ring)~",
        r"~\SetVar(12.34|777777777777777)~",
        rf"~\PlayAlphaNumeric({'_' * 600})~",
        r"~\PlaySpecialSoundFile(ding)~",
        r"~\SoundPausing(false)~",
        r"~\ActOnFeature(true)~",
    ]
)
SCRIPTS = st.lists(ELEMENTS, max_size=12).map(lambda elements: QUIET + " ".join(elements))
KEYS = st.lists(st.text("125#", max_size=3), max_size=6)
PRESSES = st.lists(st.builds(Press, st.floats(0, 20), st.sampled_from("125#")), max_size=4)


Ended = tuple[str, float, int]


def run(program: Program, keys: list[str], presses: list[Press], outgoing: bool, **world: object) -> Ended:
    """How a simulated call ended, after how many seconds, and how many texts it sent."""
    state = State.for_outgoing() if outgoing else State.for_incoming()
    situation = Situation(
        other_end=ANSWERERS[world.get("answered_by", "human")] if outgoing else CALLER,  # type: ignore[index]
        transfer=world.get("transfer", "answered"),  # type: ignore[arg-type]
        spoken=spoken,
        sound_seconds=SOUNDS.get,
        house_sounds=HOUSE_SECONDS,
    )
    simulation = Simulation(program, state, situation, ScriptedKeypad(tuple(keys), presses))
    lines = list(simulation.run())
    return simulation.end, simulation.now, sum(line.event == "text" for line in lines)


def held(limits: Bounds, ended: Ended) -> None:
    """Whether a run is within its bounds."""
    end, seconds, texts = ended
    if limits.longest is not None:
        assert end not in LIMITS - {"step-limit"}
        assert seconds <= limits.longest + 0.01
    if limits.most_texts is not None:
        assert texts <= limits.most_texts
    if end not in LIMITS | {"hung-up"}:
        assert limits.shortest is not None
        assert seconds >= limits.shortest - 0.01


@pytest.mark.thorough
@settings(max_examples=examples(400), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    SCRIPTS,
    KEYS,
    PRESSES,
    st.booleans(),
    st.sampled_from(["human", "machine", "fax"]),
    st.sampled_from(["answered", "busy", "noanswer"]),
)
def test_a_simulated_script_keeps_within_its_proven_bounds(
    script: str, keys: list[str], presses: list[Press], outgoing: bool, answered_by: str, transfer: str
) -> None:
    program = parse(script)
    limits = bounds(program, incoming=not outgoing, lengths=LENGTHS)
    held(limits, run(program, keys, presses, outgoing, answered_by=answered_by, transfer=transfer))


def test_what_is_spoken_lasts_as_long_as_the_simulator_says_pauses_included() -> None:
    program = parse(QUIET + r"~\ActOnDigitPress(false)~ Wait <break time='4s'/> for it, <s>please.</s>")
    limits = bounds(program, lengths=LENGTHS)
    end, seconds, _ = run(program, [], [], outgoing=False)
    assert end == "end-of-script"
    assert limits.shortest == limits.longest == pytest.approx(seconds, abs=0.001)
    assert seconds > 4.0


def test_a_run_of_commas_is_a_pause_for_the_simulator_and_the_bounds() -> None:
    program = parse(QUIET + r"~\ActOnDigitPress(false)~ Wait,,,, for it ~\Beep()~ ,,,,")
    limits = bounds(program, lengths=LENGTHS)
    _, seconds, _ = run(program, [], [], outgoing=False)
    assert seconds == pytest.approx(0.06 * len("Wait for it") + 1.0 + BEEP_SECONDS + 1.0)
    assert limits.shortest is not None
    assert limits.shortest <= seconds


def test_a_sound_that_the_script_may_record_anew_is_as_long_as_the_longer_of_both() -> None:
    once = QUIET + r"~\ActOnDigitPress(false)~ ~^tune~"
    assert bounds(parse(once), lengths=LENGTHS) == Bounds(2.5, 2.5, 0)
    assert bounds(parse(once + r"~\RecordAndSaveAs(Tune|9)~"), lengths=LENGTHS) == Bounds(0.0, 18.0, 0)
    assert bounds(parse(once + r"~\RecordAndSaveAs([x]|1)~"), lengths=LENGTHS) == Bounds(0.0, 3.5, 0)


SEQUENCES = {
    "open": Sequence("open", (DtmfStep("12w", 100, 100), RecordingStep("tune"), TextStep("+1", "+2", "Opened"))),
    "two": Sequence("two", (TextStep("+1", "+2", "One"), TextStep("+1", "+2", "Two"))),
}
SCRIPT = r"~\AssignDTMF(2|again)~ ~\Label(again)~ Hello ~\ClearDTMF()~ ~\WaitForDTMF(2)~ Bye"


OTHER_CHOICES = (Choice("1", Destination.parse("sys:busy")),)


def ivr(choices: dict[str, str], repeat: int = 1, **ends: str) -> Program:
    places = tuple(Choice(digits, Destination.parse(place)) for digits, place in choices.items())
    ways = {name: Destination.parse(place) for name, place in ends.items()}
    defaults = {"timeout": 5.0, "digit_timeout": 3.0, "language": "en"}
    ways = dict.fromkeys(("no_input", "wrong_choice"), Destination.parse("sys:hangup")) | ways
    main = Ivr("main", None, "Choose <break time='1s'/> now", places, repeat=repeat, **defaults, **ways)  # type: ignore[arg-type]
    other = replace(main, name="other", recording="short", text=None, choices=OTHER_CHOICES, repeat=0)
    return compile_ivr("main", {"main": main, "other": other}, SEQUENCES, {"a.txt": SCRIPT})


def test_the_bounds_of_a_menu_count_its_repetitions_its_sequences_and_its_texts() -> None:
    prompt = spoken("Choose <break time='1s'/> now").seconds
    limits = bounds(ivr({"1": "sequence:open", "2": "sequence:two"}), lengths=LENGTHS)
    assert limits.most_texts == 2
    assert limits.shortest == 0.0
    # Twice the prompt and the wait for a digit, which may be followed by one for a second digit; then the sequence.
    assert limits.longest == pytest.approx(2 * (prompt + 5.0 + 3.0) + 0.9 + 2.5)


def test_nothing_is_proven_of_a_menu_that_leads_back_to_itself_or_to_a_conversation() -> None:
    assert bounds(ivr({"1": "ivr:main"}), lengths=LENGTHS).longest is None
    assert bounds(ivr({"1": "fwd:+12015550110"}), lengths=LENGTHS).longest is None
    assert bounds(ivr({"1": "sys:dtmf"}), lengths=LENGTHS).longest is None
    assert bounds(ivr({"1": "ivr:main", "2": "sequence:two"}), lengths=LENGTHS).most_texts == 2


ENDS = ("hangup", "busy", "noservice", "dtmf")
THINGS = ("sequence:open", "sequence:two", "ivr:other", "ivr:main", "script:a.txt", "recording:tune", "conference:x")
PLACES = st.sampled_from((*THINGS, "fwd:+12015550110", *(f"sys:{end}" for end in ENDS)))


@pytest.mark.thorough
@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(["1", "2", "12", "5", "#"]), PLACES, min_size=1),
    PLACES,
    PLACES,
    st.integers(0, 3),
    KEYS,
    PRESSES,
    st.sampled_from(["answered", "busy", "noanswer"]),
)
def test_a_simulated_menu_keeps_within_its_proven_bounds(
    choices: dict[str, str],
    no_input: str,
    wrong_choice: str,
    repeat: int,
    keys: list[str],
    presses: list[Press],
    transfer: str,
) -> None:
    program = ivr(choices, repeat, no_input=no_input, wrong_choice=wrong_choice)
    held(bounds(program, lengths=LENGTHS), run(program, keys, presses, outgoing=False, transfer=transfer))
