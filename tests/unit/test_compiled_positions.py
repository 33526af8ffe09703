"""Which step each position is: a call in progress was stored with one, and goes on at the same step.

When a test here fails, positions mean something else than in the release before. Raise `COMPILER` in script/state.py,
and pin the new positions: calls in progress then end, instead of going on at another step.
"""

from __future__ import annotations

from controller.ivr.compiled import compile_ivr, compile_source
from controller.ivr.message import compile_message
from controller.ivr.model import (
    SYSTEM_DESTINATIONS,
    AfterSequence,
    Choice,
    Destination,
    DtmfStep,
    Ivr,
    RecordingStep,
    Sequence,
    TextStep,
)
from controller.script.frame import FRAME
from controller.script.program import Program
from controller.script.state import COMPILER, INCOMING_START, OUTGOING_START

SCRIPT = r"""~\SetVar(who|Ann)~ Hello. ~^chime~ ~\AssignDTMF(2|menu)~
~\NoSuchCommand(1)~ ~\WaitForDTMF(5)~ ~\Label(menu)~ Menu, ~\VariableToTTS(who)~.

New paragraph. ~\GetDigits(pin)~ ~\GotoIf(who|Ann|menu)~ ~\TransferTo(12015550110)~ Bye. ~\EndCall()~"""


def positions(program: Program) -> list[str]:
    """What each position is, from 0."""
    return [f"{position} {type(step.command).__name__}: {step.command}" for position, step in enumerate(program.steps)]


def an_ivr(name: str, *choices: str) -> Ivr:
    listed = (Choice(str(digit), Destination.parse(place)) for digit, place in enumerate(choices, 1))
    return Ivr(name=name, recording=None, text="Choose.", choices=tuple(listed))


def test_these_are_the_positions_of_compiler_1() -> None:
    assert COMPILER == 1


def test_the_frame_lies_before_the_script() -> None:
    assert {position: type(command).__name__ for position, command in FRAME.items()} == {
        -7: "TransferByOperator",
        -6: "GreetingOver",
        -5: "DialExtension",
        -4: "TransferAtDigit",
        -3: "RingLabel",
        -2: "InitialDetection",
        -1: "FirstSilence",
    }
    assert (INCOMING_START, OUTGOING_START) == (0, -3)


def test_a_script_has_a_step_for_each_command_and_each_run_of_text() -> None:
    assert positions(compile_source(SCRIPT)) == [
        "0 SetVar: SetVar(who|Ann)",
        "1 Say: Hello.",
        "2 PlaySound: ~^chime~",
        "3 AssignDTMF: AssignDTMF(2|menu)",
        "4 BrokenCommand: NoSuchCommand(1)",
        "5 WaitForDTMF: WaitForDTMF(5)",
        "6 Label: Label(menu)",
        "7 Say: Menu,",
        "8 VariableToTTS: VariableToTTS(who)",
        "9 Say: . New paragraph.",
        "10 GetDigits: GetDigits(pin)",
        "11 GotoIf: GotoIf(who|Ann|menu)",
        "12 TransferTo: TransferTo(12015550110)",
        "13 Say: Bye.",
        "14 EndCall: EndCall()",
    ]


def test_a_menu_holds_what_callers_can_come_to_in_the_order_of_its_choices() -> None:
    ivrs = [an_ivr("main", "sequence:steps", "script:say.txt", "ivr:second"), an_ivr("second", "sequence:again")]
    sequences = {
        "steps": Sequence(
            "steps", (DtmfStep("12", 180, 60), RecordingStep("opened"), TextStep("+12015550101", "+12015550110", "Hi"))
        ),
        "again": Sequence("again", (DtmfStep("9"),), AfterSequence.BACK_TO_IVR),
    }
    scripts = {"say.txt": r"~\Label(menu)~ Script. ~\AssignDTMF(2|[x]menu)~ ~\WaitForDTMF(3)~ ~\Goto(amd)~"}
    program = compile_ivr("main", {each.name: each for each in ivrs}, sequences, scripts)
    pinned = [
        "0 Label: Label(1~ivr:main)",
        "1 EnterMenu: Menu()",
        "2 ChangeVoiceID: ChangeVoiceID(0)",
        "3 Label: Label(1~prompt)",
        "4 Say: Choose.",
        "5 Choose: Choose(1|2|3)",
        "6 Label: Label(2~sequence:steps)",
        "7 BeginStep: Step(1)",
        "8 SendTones: DTMF()",
        "9 BeginStep: Step(2)",
        "10 PlayStep: ~^opened~",
        "11 BeginStep: Step(3)",
        "12 QueueText: SMS()",
        "13 HangUp: HangUp()",
        "14 Label: Label(5~sys:hangup)",
        "15 HangUp: HangUp()",
        "16 Label: Label(3~script:say.txt)",
        "17 EnterScript: Script()",
        "18 ChangeVoiceID: ChangeVoiceID(0)",
        "19 Label: Label(3~start)",
        "20 Label: Label(3~amd)",
        "21 Label: Label(3~ring)",
        "22 Label: Label(3~menu)",
        "23 Say: Script.",
        "24 AssignDTMF: AssignDTMF(2|3~[x]menu)",
        "25 WaitForDTMF: WaitForDTMF(3)",
        "26 Goto: Goto(3~amd)",
        "27 HangUp: HangUp()",
        "28 Label: Label(4~ivr:second)",
        "29 EnterMenu: Menu()",
        "30 ChangeVoiceID: ChangeVoiceID(0)",
        "31 Label: Label(4~prompt)",
        "32 Say: Choose.",
        "33 Choose: Choose(1)",
        "34 Label: Label(6~sequence:again)",
        "35 BeginStep: Step(1)",
        "36 SendTones: DTMF()",
        "37 Leave: Go()",
        "38 Label: Label(7~sys:hangup)",
        "39 HangUp: HangUp()",
    ]
    assert positions(program) == pinned
    assert positions(compile_source(program.source)) == pinned


def test_a_message_has_its_places() -> None:
    program = compile_message("hello", 10.0)
    pinned = [
        "0 PlayMessage: Message(hello|10)",
        "1 EndMessage: EndMessage()",
        "2 Label: Label(amd)",
        "3 LeaveFax: LeaveFax()",
        "4 PlayMessage: Message(hello|10)",
    ]
    assert positions(program) == pinned
    assert positions(compile_source(program.source)) == pinned


def test_every_kind_of_destination_and_step_has_its_places() -> None:
    places = ["fwd:+12015550110", "sip:alice", "recording:chime", "conference:sales"]
    places += [f"sys:{name}" for name in SYSTEM_DESTINATIONS]
    program = compile_ivr("main", {"main": an_ivr("main", *places)}, {}, {})
    assert positions(program) == [
        "0 Label: Label(1~ivr:main)",
        "1 EnterMenu: Menu()",
        "2 ChangeVoiceID: ChangeVoiceID(0)",
        "3 Label: Label(1~prompt)",
        "4 Say: Choose.",
        "5 Choose: Choose(1|2|3|4|5|6|7|8|9|10)",
        "6 Label: Label(2~fwd:+12015550110)",
        "7 Forward: Forward()",
        "8 Say: We are sorry, nobody can be reached at the moment.",
        "9 HangUp: HangUp()",
        "10 Label: Label(3~sip:alice)",
        "11 Forward: Forward()",
        "12 Say: We are sorry, nobody can be reached at the moment.",
        "13 HangUp: HangUp()",
        "14 Label: Label(4~recording:chime)",
        "15 PlaySound: ~^chime~",
        "16 HangUp: HangUp()",
        "17 Label: Label(5~conference:sales)",
        "18 JoinRoom: Conference()",
        "19 HangUp: HangUp()",
        "20 Label: Label(6~sys:hangup)",
        "21 HangUp: HangUp()",
        "22 Label: Label(7~sys:busy)",
        "23 HangUp: HangUp()",
        "24 Label: Label(8~sys:noservice)",
        "25 Say: The number that you have called is not in service.",
        "26 HangUp: HangUp()",
        "27 Label: Label(9~sys:disconnected)",
        "28 Say: The number that you have called has been disconnected.",
        "29 HangUp: HangUp()",
        "30 Label: Label(10~sys:dtmf)",
        "31 Label: Label(10~again)",
        "32 Say: Press some keys, and then the pound key, to hear them read back.",
        "33 GetDigits: GetDigits(testdigits)",
        "34 GotoIf: GotoIf(testdigits||10~end)",
        "35 Say: You pressed",
        "36 PlayAlphaNumeric: PlayAlphaNumeric([testdigits])",
        "37 Goto: Goto(10~again)",
        "38 Label: Label(10~end)",
        "39 HangUp: HangUp()",
        "40 Label: Label(11~sys:echo)",
        "41 EchoBack: Echo()",
        "42 HangUp: HangUp()",
    ]
