"""The reference page of the language, made from what the commands say of themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import indent

from controller.script.commands.command import Command, Parameter, signature
from controller.script.commands.machine import LARGEST_VARIABLES, LONGEST_VALUE, MOST_VARIABLES
from controller.script.commands.table import COMMANDS
from controller.script.diagnostics import MOST
from controller.script.engine import MOST_TIMELESS_STEPS, STEPS_A_SECOND
from controller.script.parser import LONGEST_SCRIPT

_EXAMPLE = "Example:"
_ARGUMENT = re.compile(r"(\w+): (.*)", re.DOTALL)

FAMILIES = {
    "speech": "What is heard",
    "digits": "Digits",
    "flow": "Labels, jumps and the end",
    "data": "Variables",
    "call_control": "The call",
    "recording": "Recordings",
}


@dataclass(frozen=True, slots=True)
class ReferenceEntry:
    """A command as the reference shows it."""

    name: str
    family: str
    usage: str
    meaning: str
    arguments: tuple[tuple[Parameter, str], ...]
    example: str


def entry(command: type[Command]) -> ReferenceEntry:
    """Read a command's docstring: paragraphs, lines `argument: meaning`, and at the end an example."""
    text, _, example = inspect.getdoc(command).partition(_EXAMPLE)  # type: ignore[union-attr]
    parameters = {parameter.name: parameter for parameter in signature(command)}
    meanings: dict[str, str] = {}
    paragraphs: list[str] = []
    for paragraph in text.strip().split("\n\n"):
        lines = paragraph.split("\n")
        if lines[0].split(":")[0] in parameters:
            for each in re.split(rf"\n(?=(?:{'|'.join(parameters)}): )", paragraph):
                match = _ARGUMENT.match(each)
                if match:
                    meanings[match.group(1)] = " ".join(match.group(2).split())
        else:
            paragraphs.append(" ".join(lines))
    return ReferenceEntry(
        name=command.name,
        family=command.__module__.rpartition(".")[2],
        usage=rf"~\{command.name}({_usage(command)})~",
        meaning="\n\n".join(paragraphs),
        arguments=tuple((parameter, meanings.get(name, "")) for name, parameter in parameters.items()),
        example=inspect.cleandoc(example),
    )


def entries() -> tuple[ReferenceEntry, ...]:
    """All commands, by family, and in a family by name."""
    made = [entry(command) for command in COMMANDS.values()]
    order = list(FAMILIES)
    return tuple(sorted(made, key=lambda each: (order.index(each.family), each.name)))


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _usage(command: type[Command]) -> str:
    parts = [
        parameter.name
        if parameter.default is None
        else f"[{parameter.name}{'=' * bool(parameter.default)}{parameter.default}]"
        for parameter in signature(command)
    ]
    return " | ".join(parts)


def _lines() -> Iterator[str]:
    yield _INTRODUCTION.strip()
    family = ""
    for each in entries():
        if each.family != family:
            family = each.family
            yield f"\n## {FAMILIES[family]}"
        yield f"\n### {each.name}\n"
        yield f"    {each.usage}\n"
        yield each.meaning
        if each.arguments:
            yield "\n| argument | what it is | meaning |\n|---|---|---|"
            for parameter, meaning in each.arguments:
                yield f"| `{parameter.name}` | {parameter.kind.expects} | {meaning} |"
        yield "\nExample:\n\n" + indent(each.example, "    ")


_INTRODUCTION = rf"""
# Call scripts

<!-- Made from the commands' docstrings by `python -m controller.script.reference`; a test holds it current. -->

A call script says what happens in a call. It is plain text with sounds and commands in it:

    ~\AssignDTMF(2|message)~
    Hello. ~^jingle~ Press 2 to leave a message, or hold on. ~\WaitForDTMF(5)~
    Goodbye. ~\EndCall()~
    ~\Label(message)~ Speak after the tone. ~\Beep()~ ~\RecordAndSaveAs(message)~

- Plain text is spoken. It may hold tags for the speech engine, such as `<break time='1s'/>` (see
  [speech control](#speech-control)).
- `~^id~` plays the sound with this id; `~^[name]~` the one whose id is in a variable.
- `~\Command(argument|argument)~` is a command. Names of commands, labels, variables and sounds may be written in large
  or small letters. White space and new lines between elements, and around arguments, mean nothing.
- `[name]` in an argument is replaced by the variable's value when the command runs; by nothing if it was never set. A
  name is made of letters, digits, `_`, `.` and `-`, with blanks between. In plain text nothing is replaced, because
  text is turned to speech before the call: VariableToTTS speaks a value.

What is written a little differently is read all the same, and the checker says so: a command without the closing tilde
(its arguments then end at the `)` that balances its opening parenthesis), without the backslash, or without
parentheses. Parentheses may stand in arguments, also a single `)` if the command has its closing tilde. A tilde that
begins nothing is left out of the text.

## How a call runs

- The digit 1 is bound to the label `start`: it repeats the message. If the call has a transfer number, 0 transfers it
  there.
- The labels `start`, `amd` and `ring` are always there. The script may define its own.
- An outgoing call first waits until whoever answered is silent for a second (see QuickStart and WaitForSilence).
- When an answering machine or a fax is recognised, the script goes on at `amd`; when a ringing tone is heard after the
  answer, at `ring`; without such a label in the script, the message starts again. Each of them happens once in a call,
  and not after ActOnFeature(false). A machine that is recognised before anything was said is waited out: the script
  starts at its beginning when it has fallen silent, even if it defines a label `start` further down.
- What stands at the very beginning of a script and only sets something (StatusChangePostURL, ErrorEmail, SetVar,
  AssignDTMF, ActOnFeature …) holds for every part of the script: it is carried out before a machine that is recognised
  during the first wait leads to `amd`. If ActOnFeature(false) is among it, that machine leads nowhere.
- What is heard in a row (text, sounds, silence, spoken values) is played as one. A bound digit interrupts it; an
  unbound one does so only if the next command is WaitForDTMF or GetDigits, which takes it. Other digits are kept for
  the next of these two commands, until a bound digit jumps elsewhere.
- All digits are collected in the variable `digitsdialed`, whether anything took them or not.
- At its end a script hangs up. One that loops without end is stopped when the call has lasted as long as it may: an
  hour, unless less was asked for.
- A loop that takes no time is stopped after {MOST_TIMELESS_STEPS:,} commands; a second makes {STEPS_A_SECOND} good.
  What did not come about counts as time if it took a tenth of a second: a loop over a transfer that rings and is busy
  goes on, one over a number that is refused at once does not.
- What cannot be carried out is passed over, with an error in the call's trace: a label, a sound or a number that does
  not exist. `ringpost check` finds most of it before any call.

## Variables of every call

| variable | what it is |
|---|---|
| `phonenumber` | the number that was called: the ten digits of a North American one, else E.164 without `+` |
| `callerid` | the caller's number, written in the same way |
| `calleridname` | the caller's name as it was given for an outgoing call |
| `queueid` | the call's id; 0 for an incoming call |
| `extension` | the extension that was called, if there is one |
| `incoming` | true for an incoming call, else never set |
| `machinedetection` | HUMAN, MACHINE, FAX or UNKNOWN; may change during the call |
| `digitsdialed` | all digits that the other side pressed |
| `incallringcount` | how many ringing tones were heard after the answer |
| `lastrecordlength` | seconds of the last recording |
| `transfercallerid`, `transfercalleridname` | what TransferTo showed to the other party |
| `confkey` | the key of the conference |

A script can set them too. All variables arrive with the status post-backs.

## Speech control

Tags of SSML in plain text, and in values that are spoken. Markup that is broken (a lone `<` or `&`, a tag without its
end, one that nobody knows) is never an error: it is spoken as text, or passed over. [Speech and sounds](speech.md) has
every value and limit.

| written | heard |
|---|---|
| `<break time='3s'/>`, `<break strength='weak'/>` | a pause |
| `One,,, two` | a run of commas: a pause of a quarter of a second for each |
| `<prosody rate='slow' pitch='low' volume='soft'>…</prosody>` | slower, lower, softer, or the contrary |
| `<voice name='David'>…</voice>` | another voice, by its name or id |
| `<say-as interpret-as='digits'>…</say-as>` | spelled: digits, telephone, characters; `type` is taken too |
| `<s>…</s>`, `<p>…</p>` | a sentence, a paragraph: set off by a pause |
| `<sub alias='…'>…</sub>` | the alias instead |

## What is Ringpost's own reading

The vendor's pages name the commands and do not say everything of them. These readings are Ringpost's own; a script that
relies on others has to be changed:

| command | reading |
|---|---|
| PlayAmount | money, in English words of dollars and cents |
| PlayAlphaNumeric | one character at a time, digits as digits, signs by their names |
| PlaySpecialSoundFile | which sounds there are |
| QuickStart | outgoing calls alone: no wait for silence; machines are recognised meanwhile |
| SoundPausing | while the other side talks, sound pauses; then it goes on |
| RecordAndSaveAs, RecordWithUniqueID | their maximum and silence; `#` ends them; `lastrecordlength` is in seconds |
| TransferTo | the arguments behind the number; after a failure the script goes on |
| Conference | the room is that of `confkey`; without one, a new key is made |
| MaxRingTime | read before the call is placed, wherever it stands; 5 to 120 seconds, 60 without it |
| DebugEmail, ErrorEmail | without a mail server the trace stays with the call |
| WaitForSilence | at most 10 seconds for each of its tries |
| WaitForDTMF | a digit that is bound jumps, any other ends the wait |
| GetDigits | its time starts again at each digit; with a maximum `#` is a digit like others |
| Goto | a label that does not exist is refused by the checker; one that a variable makes is passed over |
| the end of a script | the call is hung up, an incoming one too |
| a loop without end | ended with the call's longest time, or after more commands than its time allows |

## Limits

| what | limit |
|---|---|
| a script | {LONGEST_SCRIPT:,} characters |
| a variable's value | {LONGEST_VALUE} characters; the rest is cut off |
| variables of a call | {MOST_VARIABLES:,} |
| a call | MaxCallLength where the order of the call gives one, else an hour; then it is hung up |
| digits that are kept of a call | {LONGEST_VALUE} |
| commands | {STEPS_A_SECOND} a second, and {MOST_TIMELESS_STEPS:,} beyond that; then the call ends with an error |
| the values of all variables of a call | {LARGEST_VARIABLES:,} characters; what exceeds them is not set |
| mistakes that are listed of a script | {MOST} |
"""


if __name__ == "__main__":
    print(page(), end="")
