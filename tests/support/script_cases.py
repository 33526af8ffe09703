"""Scripts and IVRs, what the caller does, and what must happen: for the simulator and for live calls alike.

Times are seconds after the answer; no speech stands before a timed key, because how long speech lasts depends on who
speaks. `{server}` in a script and in what is expected stands for the address of a customer's server that answers
`/name` with "Ann". The expected lines are all lines of the call, in order: the event and its main field
(`transcript.MAIN_FIELDS`), where `*` stands for anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from controller.script.transcript import TranscriptLine

Expected = tuple[str, str]
PAGES = {"/name": "Ann"}
OTHER_PARTY = "12015550120"


@dataclass(frozen=True, slots=True)
class ScriptCase:
    """One call. `script` is its text, or `ivr` the name of one in IVRS; `transfer`: what the party called then does."""

    name: str
    expect: tuple[Expected, ...]
    script: str = ""
    ivr: str = ""
    presses: tuple[tuple[float, str], ...] = ()
    hang_up_at: float | None = None
    transfer: Literal["answered", "busy", "noanswer"] = "answered"
    outgoing: bool = False
    answered_by: Literal["human", "machine", "fax"] = "human"
    transfer_number: str = ""  # of an outgoing call, in E.164

    def __str__(self) -> str:
        return self.name


def misfit(expected: Sequence[Expected], happened: Iterable[TranscriptLine | Expected], server: str = "") -> str:
    """What is wrong with what happened, for people; empty when it is as expected."""
    lines = [(each.event, each.main) if isinstance(each, TranscriptLine) else each for each in happened]
    wanted = [(event, main.replace("{server}", server)) for event, main in expected]
    for index, (want, line) in enumerate(zip(wanted, lines, strict=False)):
        if want[0] != line[0] or not _fits(want[1], line[1]):
            return f"line {index + 1}: expected {want}, got {line}, of {lines}"
    if len(wanted) != len(lines):
        return f"expected {len(wanted)} lines, got {len(lines)}: {lines}"
    return ""


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text, re.DOTALL) is not None


END = ("end", "end-of-script")
ENDED_BY_SCRIPT = ("end", "end-call")
HUNG_UP = ("end", "hung-up")


SCRIPT_CASES = (
    ScriptCase(
        "text is said once and the call is hung up",
        (("say", "Hello there."), END),
        "Hello\n   there.",
    ),
    ScriptCase(
        "a run of commas is a pause and not spoken",
        (("silence", "10"), ("digit", "2"), ("jump", "two"), ("say", "One two, three."), END),
        rf"~\AssignDTMF(2|two)~ {',' * 40} ~\EndCall()~ ~\Label(two)~ One,,, two, three.",
        presses=((5.0, "2"),),
    ),
    ScriptCase(
        "a sound is played between two texts",
        (("say", "One."), ("sound", "chime"), ("say", "Two."), END),
        "One. ~^Chime~ Two.",
    ),
    ScriptCase(
        "1 repeats the message without being bound",
        (("wait_digit", ""), ("digit", "1"), ("jump", "start"), ("wait_digit", ""), ("say", "Done."), END),
        r"~\WaitForDTMF(2)~ Done.",
        presses=((1.0, "1"),),
    ),
    ScriptCase(
        "ActOnDigitPress(false) lets a bound digit be collected",
        (("digit", "2"), ("digit", "1"), ("collect_digits", "21"), ("set", "code"), ("say", "21"), ENDED_BY_SCRIPT),
        r"~\AssignDTMF(2|two)~ ~\ActOnDigitPress(false)~ ~\GetDigits(code|4|2)~ ~\VariableToTTS(code)~ ~\EndCall()~"
        r"~\Label(two)~ Wrong.",
        presses=((1.0, "2"), (1.5, "1")),
    ),
    ScriptCase(
        "ActOnFeature(false) lets a message be said once to a machine",
        (("silence", "4"), ("detected", "MACHINE"), ("say", "Done."), END),
        r"~\QuickStart()~ ~\ActOnFeature(false)~ ~\PlaySilence(4)~ Done.",
        outgoing=True,
        answered_by="machine",
    ),
    ScriptCase(
        "a machine leads to the label amd",
        (("wait_silence", ""), ("detected", "MACHINE"), ("jump", "amd"), ("say", "Machine."), END),
        r"Human. ~\EndCall()~ ~\Label(Amd)~ Machine.",
        outgoing=True,
        answered_by="machine",
    ),
    ScriptCase(
        "a fax starts the message after its tone",
        (("wait_silence", ""), ("detected", "FAX"), ("jump", "start"), ("say", "Hello."), END),
        "Hello.",
        outgoing=True,
        answered_by="fax",
    ),
    ScriptCase(
        "a human hears the message after the greeting",
        (("wait_silence", ""), ("detected", "HUMAN"), ("say", "Hello."), END),
        "Hello.",
        outgoing=True,
    ),
    ScriptCase(
        "what answered is known to the script, and a machine starts the message once only",
        (
            ("wait_silence", ""),
            ("detected", "MACHINE"),
            ("jump", "start"),
            ("jump", "left"),
            ("say", "A machine."),
            END,
        ),
        r"~\GotoIf(machinedetection|MACHINE|left)~ A human. ~\EndCall()~ ~\Label(left)~ A machine.",
        outgoing=True,
        answered_by="machine",
    ),
    ScriptCase(
        "a machine that is recognised before anything was said hears the script from its beginning",
        (
            ("wait_silence", ""),
            ("detected", "MACHINE"),
            ("jump", "start"),
            ("set", "attempt"),
            ("say", "Attempt"),
            ("say", "1"),
            END,
        ),
        r"~\ClearDTMF()~ ~\SetVar(attempt|1)~ ~\Label(Start)~ Attempt ~\VariableToTTS(attempt)~",
        outgoing=True,
        answered_by="machine",
    ),
    ScriptCase(
        "what a script sets at its beginning is set before a machine leads to the label amd",
        (
            ("wait_silence", ""),
            ("detected", "MACHINE"),
            ("post_url", "{server}/status"),
            ("set", "name"),
            ("jump", "amd"),
            ("say", "Ann"),
            END,
        ),
        r"~\StatusChangePostURL({server}/status)~ ~\SetVar(name|Ann)~ Human. ~\SetVar(name|Bob)~ ~\EndCall()~"
        r"~\Label(Amd)~ ~\VariableToTTS(name)~",
        outgoing=True,
        answered_by="machine",
    ),
    ScriptCase(
        "ActOnFeature(false) at the beginning holds during the first wait for silence",
        (("wait_silence", ""), ("detected", "MACHINE"), ("say", "Everybody."), ENDED_BY_SCRIPT),
        r"~\ActOnFeature(false)~ Everybody. ~\EndCall()~ ~\Label(amd)~ Machine.",
        outgoing=True,
        answered_by="machine",
    ),
    ScriptCase(
        "QuickStart(false) waits like any other call",
        (("wait_silence", ""), ("detected", "HUMAN"), ("say", "Hello."), END),
        r"~\QuickStart(false)~ Hello.",
        outgoing=True,
    ),
    ScriptCase(
        "1 repeats a message that was placed",
        (("wait_digit", ""), ("detected", "HUMAN"), ("digit", "1"), ("jump", "start"), ("wait_digit", ""), END),
        r"~\QuickStart()~ ~\WaitForDTMF(3)~",
        presses=((2.0, "1"),),
        outgoing=True,
    ),
    ScriptCase(
        "0 leads to the transfer number",
        (
            ("wait_digit", ""),
            ("detected", "HUMAN"),
            ("digit", "0"),
            ("jump", "transfer"),
            ("transfer", "answered"),
            ("end", "transferred"),
        ),
        r"~\QuickStart()~ ~\WaitForDTMF(5)~ Never.",
        presses=((2.0, "0"),),
        transfer_number=f"+{OTHER_PARTY}",
        outgoing=True,
    ),
    ScriptCase(
        "a transfer number that is busy leads back to where 0 was pressed",
        (
            ("wait_digit", ""),
            ("detected", "HUMAN"),
            ("digit", "0"),
            ("jump", "transfer"),
            ("transfer", "busy"),
            ("error", "*"),
            ("wait_digit", ""),
            ("say", "Sorry."),
            END,
        ),
        r"~\QuickStart()~ ~\WaitForDTMF(4)~ Sorry.",
        presses=((2.0, "0"),),
        transfer="busy",
        transfer_number=f"+{OTHER_PARTY}",
        outgoing=True,
    ),
    ScriptCase(
        "0 without a transfer number leads nowhere",
        (("wait_digit", ""), ("detected", "HUMAN"), ("digit", "0"), ("say", "Bye."), END),
        r"~\QuickStart()~ ~\WaitForDTMF(4)~ Bye.",
        presses=((2.0, "0"),),
        outgoing=True,
    ),
    ScriptCase(
        "who is called may hang up",
        (("wait_silence", ""), ("detected", "HUMAN"), ("silence", "5"), HUNG_UP),
        r"~\PlaySilence(5)~ Never.",
        hang_up_at=3.0,
        outgoing=True,
    ),
    ScriptCase(
        "MaxRingTime means nothing once the call is answered",
        (("silence", "2"), ("detected", "HUMAN"), ("say", "Hello."), END),
        r"~\QuickStart()~ ~\MaxRingTime(20)~ ~\PlaySilence(2)~ Hello.",
        outgoing=True,
    ),
    ScriptCase(
        "QuickStart speaks at the answer",
        (("silence", "2"), ("detected", "HUMAN"), ("say", "Hello."), END),
        r"~\QuickStart()~ ~\PlaySilence(2)~ Hello.",
        outgoing=True,
    ),
    ScriptCase(
        "AssignDTMF binds a digit to a label",
        (("wait_digit", ""), ("digit", "2"), ("jump", "two"), ("say", "Two."), END),
        r"~\AssignDTMF(2|Two)~ ~\WaitForDTMF(4)~ ~\EndCall()~ ~\Label(two)~ Two.",
        presses=((1.0, "2"),),
    ),
    ScriptCase(
        "a bound digit interrupts what is played",
        (("silence", "5"), ("digit", "2"), ("jump", "two"), ("say", "Two."), END),
        r"~\AssignDTMF(2|two)~ ~\PlaySilence(5)~ ~\Label(two)~ Two.",
        presses=((1.0, "2"),),
    ),
    ScriptCase(
        "an unbound digit during a prompt is taken by the wait behind it",
        (("silence", "5"), ("digit", "7"), ("say", "Done."), END),
        r"~\PlaySilence(5)~ ~\WaitForDTMF(5)~ Done.",
        presses=((1.0, "7"),),
    ),
    ScriptCase(
        "Beep and RecordAndSaveAs record until the pound key",
        (("beep", ""), ("digit", "#"), ("record", "message"), ("set", "lastrecordlength"), ("sound", "message"), END),
        r"~\Beep()~ ~\RecordAndSaveAs(message|10|8)~ ~^message~",
        presses=((2.5, "#"),),
    ),
    ScriptCase(
        "a recording ends by silence",
        (("record", "quiet"), ("set", "lastrecordlength"), END),
        r"~\RecordAndSaveAs(quiet|10|2)~",
    ),
    ScriptCase(
        "a message that ends by the hang-up is kept",
        (("record", "bye"), ("set", "lastrecordlength"), HUNG_UP),
        r"~\RecordAndSaveAs(bye|20|8)~ Never.",
        hang_up_at=2.0,
    ),
    ScriptCase(
        "a prompt that was not begun is not told",
        (("silence", "2"), ("digit", "2"), ("jump", "two"), ("say", "Two."), END),
        r"~\AssignDTMF(2|two)~ ~\PlaySilence(2)~ ~^chime~ One. ~\EndCall()~ ~\Label(two)~ Two.",
        presses=((1.0, "2"),),
    ),
    ScriptCase(
        "RecordWithUniqueID puts the id into a variable",
        (("set", "rec"), ("digit", "#"), ("record", "*-*-*"), ("set", "lastrecordlength"), END),
        r"~\RecordWithUniqueID(rec|10|8)~",
        presses=((2.5, "#"),),
    ),
    ScriptCase(
        "ChangeVoiceID changes the voice only",
        (("say", "Hello."), ("say", "Buenos dias."), END),
        r"Hello. ~\ChangeVoiceID(17)~ Buenos dias.",
    ),
    ScriptCase(
        "ClearDTMF takes the first binding of 1 away",
        (("wait_digit", ""), ("digit", "1"), ("say", "Done."), END),
        r"~\ClearDTMF()~ ~\WaitForDTMF(4)~ Done.",
        presses=((1.0, "1"),),
    ),
    ScriptCase(
        "Conference opens a room until the caller hangs up",
        (("set", "confkey"), ("conference", "*-*-*"), HUNG_UP),
        r"~\Conference()~ Over.",
        hang_up_at=2.0,
    ),
    ScriptCase(
        "Conference joins the room that is named",
        (("set", "confkey"), ("conference", "our-room"), HUNG_UP),
        r"~\SetVar(ConfKey|our-room)~ ~\Conference()~ Over.",
        hang_up_at=2.0,
    ),
    ScriptCase(
        "DebugEmail and ErrorEmail are not heard",
        (("say", "Hello."), END),
        r"~\DebugEmail(debug@example.com)~ ~\ErrorEmail(errors@example.com)~ Hello.",
    ),
    ScriptCase(
        "DialDTMF sends digits and pauses",
        (("dial_digits", "12w3#"), ("say", "Sent."), END),
        r"~\DialDTMF(12w3#)~ Sent.",
    ),
    ScriptCase(
        "EndCall hangs up at once",
        (("say", "One."), ENDED_BY_SCRIPT),
        r"One. ~\EndCall()~ Two.",
    ),
    ScriptCase(
        "GetDigits ends at the pound key",
        (("digit", "4"), ("digit", "2"), ("digit", "#"), ("collect_digits", "42"), ("set", "x"), ("say", "42"), END),
        r"~\GetDigits(x|4)~ ~\VariableToTTS(x)~",
        presses=((1.0, "4"), (1.5, "2"), (2.0, "#")),
    ),
    ScriptCase(
        "GetDigits with a maximum takes the pound key as a digit",
        (("digit", "4"), ("digit", "#"), ("collect_digits", "4#"), ("set", "x"), END),
        r"~\GetDigits(x|4|2)~",
        presses=((1.0, "4"), (1.5, "#")),
    ),
    ScriptCase(
        "GetDigits without a digit leaves the variable empty",
        (("collect_digits", ""), ("set", "x"), ("jump", "none"), ("say", "Nothing."), END),
        r"~\GetDigits(x|1)~ ~\GotoIf(x||none)~ Something. ~\Label(none)~ Nothing.",
    ),
    ScriptCase(
        "digits typed ahead are collected without a wait",
        (
            ("silence", "2"),
            ("digit", "4"),
            ("digit", "2"),
            ("digit", "#"),
            ("collect_digits", "42"),
            ("set", "x"),
            ("say", "42"),
            END,
        ),
        r"~\ActOnDigitPress(false)~ ~\PlaySilence(2)~ ~\GetDigits(x|4)~ ~\VariableToTTS(x)~",
        presses=((0.5, "4"), (0.9, "2"), (1.3, "#")),
    ),
    ScriptCase(
        "a bound digit that was typed ahead ends a collection before it jumps",
        (
            ("silence", "2"),
            ("digit", "4"),
            ("digit", "2"),
            ("collect_digits", "4"),
            ("set", "x"),
            ("jump", "two"),
            ("say", "Two."),
            END,
        ),
        r"~\ClearDTMF()~ ~\PlaySilence(2)~ ~\AssignDTMF(2|two)~ ~\GetDigits(x|4)~ ~\EndCall()~ ~\Label(two)~ Two.",
        presses=((0.5, "4"), (1.2, "2")),
    ),
    ScriptCase(
        "GetVariableLength counts characters",
        (("set", "zip"), ("set", "length"), ("say", "5"), END),
        r"~\SetVar(zip|07305)~ ~\GetVariableLength(zip|length)~ ~\VariableToTTS(length)~",
    ),
    ScriptCase(
        "Goto, GotoIf, IncreaseVariable and Label make a loop",
        (
            ("set", "n"),
            ("silence", "0.2"),
            ("set", "n"),
            ("jump", "again"),
            ("silence", "0.2"),
            ("set", "n"),
            ("jump", "done"),
            ("say", "Done."),
            END,
        ),
        r"~\SetVar(N|1)~ ~\Label(Again)~ ~\PlaySilence(0.2)~ ~\IncreaseVariable(n|1)~ ~\GotoIf(n|3|done)~"
        r"~\Goto(AGAIN)~ ~\Label(done)~ Done.",
    ),
    ScriptCase(
        "a label that no one defines is an error, and the script goes on",
        (("set", "place"), ("error", "*nowhere*"), ("say", "Here."), END),
        r"~\SetVar(place|nowhere)~ ~\Goto([place])~ Here.",
    ),
    ScriptCase("MaxRingTime is not heard", (("say", "Hello."), END), r"~\MaxRingTime(20)~ Hello."),
    ScriptCase(
        "PlayAlphaNumeric spells",
        (("say", "A B 1 2"), END),
        r"~\PlayAlphaNumeric(AB12)~",
    ),
    ScriptCase(
        "PlayAlphaNumeric names signs in the language of the voice",
        (("say", "A dash 1"), ("say", "A guion 1"), END),
        r"~\PlayAlphaNumeric(a-1)~ ~\ChangeVoiceID(17)~ ~\PlayAlphaNumeric(a-1)~",
    ),
    ScriptCase(
        "PlayAmount speaks money",
        (("say", "twelve dollars and thirty-four cents"), END),
        r"~\PlayAmount(12.34)~",
    ),
    ScriptCase(
        "PlaySilence is silent for a while",
        (("silence", "0.5"), ("say", "Here we are."), END),
        r"~\PlaySilence(0.5)~ Here we are.",
    ),
    ScriptCase(
        "PlaySpecialSoundFile of a name that is no built-in sound is an error",
        (("sound", "gong"), ("error", "*gong*"), ("say", "On."), END),
        r"~\PlaySpecialSoundFile(gong)~ ~\SoundPausing(false)~ On.",
    ),
    ScriptCase(
        "PlaySpecialSoundFile plays a built-in sound",
        (("sound", "dingdong"), ("say", "On."), END),
        r"~\PlaySpecialSoundFile(DingDong)~ On.",
    ),
    ScriptCase(
        "what cannot be played is left out of what is heard in a row, and told",
        (("say", "One."), ("sound", "gong"), ("say", "Two."), ("error", "*gong*"), ("say", "Three."), END),
        r"One. ~\PlaySpecialSoundFile(gong)~ Two. ~\SoundPausing(false)~ Three.",
    ),
    ScriptCase(
        "QueryExternalServer puts the body into a variable",
        (("fetch", "{server}/name"), ("set", "name"), ("say", "Ann"), END),
        r"~\QueryExternalServer({server}/name|name)~ ~\VariableToTTS(name)~",
    ),
    ScriptCase(
        "SetVar puts a value into other commands",
        (("set", "a one"), ("set", "b"), ("say", "x1y"), END),
        r"~\SetVar(a one|1)~ ~\SetVar(b|x[A One]y)~ ~\VariableToTTS(b)~",
    ),
    ScriptCase(
        "SoundPausing plays on when nobody talks",
        (("silence", "0.5"), ("say", "Hello."), END),
        r"~\SoundPausing(true)~ ~\PlaySilence(0.5)~ Hello.",
    ),
    ScriptCase(
        "StatusChangePostURL is noted",
        (("post_url", "{server}/status"), ("say", "Hello."), END),
        r"~\StatusChangePostURL({server}/status)~ Hello.",
    ),
    ScriptCase(
        "TransferTo ends the script when the others hang up",
        (("transfer", "answered"), ("end", "transferred")),
        rf"~\TransferTo({OTHER_PARTY})~ Nobody is there.",
    ),
    ScriptCase(
        "TransferTo goes on when the line is busy",
        (("transfer", "busy"), ("error", "*busy*"), ("say", "Nobody is there."), END),
        rf"~\TransferTo({OTHER_PARTY})~ Nobody is there.",
        transfer="busy",
    ),
    ScriptCase(
        "TransferTo goes on when nobody answers",
        (("transfer", "noanswer"), ("error", "*noanswer*"), ("say", "Nobody is there."), END),
        rf"~\TransferTo({OTHER_PARTY}|||5)~ Nobody is there.",
        transfer="noanswer",
    ),
    ScriptCase(
        "a number that costs a premium is not called, also when a variable holds it",
        (("set", "n"), ("transfer", "refused"), ("error", "*refused*"), ("say", "Nobody is there."), END),
        r"~\SetVar(n|19005551234)~ ~\TransferTo([n])~ Nobody is there.",
    ),
    ScriptCase(
        "VariableToTTS speaks a variable of the call",
        (("say", "201*"), END),
        r"~\VariableToTTS(phonenumber)~",
    ),
    ScriptCase(
        "WaitForDTMF ends by time",
        (("wait_digit", ""), ("say", "Nothing."), END),
        r"~\WaitForDTMF(1)~ Nothing.",
    ),
    ScriptCase(
        "WaitForSilence goes on in silence",
        (("wait_silence", ""), ("say", "Quiet."), END),
        r"~\WaitForSilence(1)~ Quiet.",
    ),
    ScriptCase(
        "a caller hangs up during the script",
        (("silence", "5"), HUNG_UP),
        r"~\PlaySilence(5)~ ~\WaitForDTMF(5)~ Never.",
        hang_up_at=1.0,
    ),
    ScriptCase(
        "the other party opts out",
        (("opt_out", ""), END),
        script=r"~\OptOut()~",
    ),
)

# The part of an admin YAML that the cases with `ivr` need. The prompts are sounds, so that their length is known.
IVRS = """
ivrs:
  front:
    recording: chime
    timeout: 2
    digit_timeout: 1
    repeat: 1
    choices:
      "1": "sequence:open"
      "12": "ivr:back"
      "2": "ivr:back"
      "3": "recording:chime"
      "4": "sip:alice"
      "5": "fwd:+12015550120"
      "6": "conference:lobby"
      "7": "sys:busy"
      "8": "sys:dtmf"
      "9": "sys:echo"
      "#": "script:ivr-script.txt"
      "*": "sys:noservice"
    wrong_choice: "sys:disconnected"
  back:
    recording: chime
    timeout: 2
    digit_timeout: 1
    repeat: 0
    choices: {"1": "ivr:front", "2": "sequence:open-again"}
sequences:
  open:
    - dtmf: "12w3"
    - recording: chime
    - sms: {from: "+12015550101", to: "+12015550110", text: "Opened  for\n\n      you."}
  open-again:
    steps: [dtmf: "9", sms: {from: "+12015550101", to: "+12015550110", text: Again.}]
    then: ivr
"""
IVR_SCRIPTS = {
    "ivr-script.txt": r"~\Label(here)~ ~\AssignDTMF(5|there)~ ~\WaitForDTMF(3)~ ~\EndCall()~ ~\Label(there)~ There."
}
ALICE = "alice"

_PROMPT = ("sound", "chime")
_WAIT = ("wait_digit", "")
_TEXT_SENT = ("text", "Opened for you.")

IVR_CASES = (
    ScriptCase(
        "a choice that begins another waits for the digit time-out, and its sequence runs to the text",
        (
            _PROMPT,
            _WAIT,
            ("digit", "1"),
            ("collect_digits", "1"),
            ("jump", "sequence:open"),
            ("dial_digits", "12w3"),
            _PROMPT,
            _TEXT_SENT,
            END,
        ),
        ivr="front",
        presses=((3.0, "1"),),
    ),
    ScriptCase(
        "a choice of two digits acts at its last one",
        (
            _PROMPT,
            _WAIT,
            ("digit", "1"),
            ("digit", "2"),
            ("collect_digits", "12"),
            ("jump", "ivr:back"),
            _PROMPT,
            _WAIT,
            ("jump", "sys:hangup"),
            ENDED_BY_SCRIPT,
        ),
        ivr="front",
        presses=((3.0, "1"), (3.4, "2")),
    ),
    ScriptCase(
        "a digit during the prompt interrupts it and counts",
        (_PROMPT, ("digit", "3"), ("jump", "recording:chime"), _PROMPT, ENDED_BY_SCRIPT),
        ivr="front",
        presses=((0.5, "3"),),
    ),
    ScriptCase(
        "two IVRs may lead to each other, and a sequence back to its own",
        (
            _PROMPT,
            ("digit", "2"),
            ("jump", "ivr:back"),
            _PROMPT,
            ("digit", "1"),
            ("jump", "ivr:front"),
            _PROMPT,
            ("digit", "2"),
            ("jump", "ivr:back"),
            _PROMPT,
            ("digit", "2"),
            ("jump", "sequence:open-again"),
            ("dial_digits", "9"),
            ("text", "Again."),
            ("jump", "ivr:back"),
            _PROMPT,
            _WAIT,
            ("jump", "sys:hangup"),
            ENDED_BY_SCRIPT,
        ),
        ivr="front",
        presses=((0.5, "2"), (1.2, "1"), (1.9, "2"), (2.6, "2")),
    ),
    ScriptCase(
        "no input and a wrong choice replay the prompt, both counted together",
        (
            _PROMPT,
            _WAIT,
            _PROMPT,
            ("digit", "0"),
            ("jump", "sys:disconnected"),
            ("say", "*disconnected*"),
            ("end", "disconnected"),
        ),
        ivr="front",
        presses=((5.0, "0"),),
    ),
    ScriptCase(
        "a phone is called, and a busy one is told",
        (
            _PROMPT,
            ("digit", "4"),
            ("jump", "sip:alice"),
            ("transfer", "busy"),
            ("error", "*busy*"),
            ("say", "*"),
            ENDED_BY_SCRIPT,
        ),
        ivr="front",
        presses=((0.5, "4"),),
        transfer="busy",
    ),
    ScriptCase(
        "a call is forwarded to a number",
        (_PROMPT, ("digit", "5"), ("jump", "fwd:+12015550120"), ("transfer", "answered"), ("end", "transferred")),
        ivr="front",
        presses=((0.5, "5"),),
    ),
    ScriptCase(
        "a caller joins a conference",
        (_PROMPT, ("digit", "6"), ("jump", "conference:lobby"), ("set", "confkey"), ("conference", "lobby"), HUNG_UP),
        ivr="front",
        presses=((0.5, "6"),),
        hang_up_at=3.0,
    ),
    ScriptCase(
        "a call is ended as busy",
        (_PROMPT, ("digit", "7"), ("jump", "sys:busy"), ("end", "busy")),
        ivr="front",
        presses=((0.5, "7"),),
    ),
    ScriptCase(
        "a number may be out of service",
        (_PROMPT, ("digit", "*"), ("jump", "sys:noservice"), ("say", "*not in service*"), ("end", "no-service")),
        ivr="front",
        presses=((0.5, "*"),),
    ),
    ScriptCase(
        "an echo test lasts until the hang-up",
        (_PROMPT, ("digit", "9"), ("jump", "sys:echo"), HUNG_UP),
        ivr="front",
        presses=((0.5, "9"),),
        hang_up_at=3.0,
    ),
    ScriptCase(
        "pressed digits are read back",
        (
            _PROMPT,
            ("digit", "8"),
            ("jump", "sys:dtmf"),
            ("say", "Press some keys*"),
            ("digit", "4"),
            ("digit", "2"),
            ("digit", "#"),
            ("collect_digits", "42"),
            ("set", "testdigits"),
            ("say", "You pressed"),
            ("say", "4 2"),
            ("jump", "again"),
            ("say", "Press some keys*"),
            HUNG_UP,
        ),
        ivr="front",
        # The first digit interrupts the prompt; after the pound key the digits are read, which takes a while.
        presses=((0.5, "8"), (1.5, "4"), (1.9, "2"), (2.3, "#")),
        hang_up_at=6.0,
    ),
    ScriptCase(
        "a script runs with its own labels and bindings",
        (
            _PROMPT,
            ("digit", "#"),
            ("jump", "script:ivr-script.txt"),
            _WAIT,
            ("digit", "1"),
            ("jump", "start"),
            _WAIT,
            ("digit", "5"),
            ("jump", "there"),
            ("say", "There."),
            END,
        ),
        ivr="front",
        presses=((0.5, "#"), (1.5, "1"), (2.5, "5")),
    ),
)
CASES = (*SCRIPT_CASES, *IVR_CASES)
