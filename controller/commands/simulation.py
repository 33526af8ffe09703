"""`ringpost simulate`: a script, an IVR or a number of the configuration runs without a telephone, told by the line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from math import inf
from pathlib import Path

from rich.console import Console

from controller.commands.keyboard import keyboard
from controller.config.sections import SECTIONS
from controller.directory.did_rules import rule_of
from controller.directory.loader import load
from controller.directory.menus import reachable
from controller.directory.snapshot import Did, Snapshot
from controller.errors import AudioInvalid, ConfigurationError, InvalidConfiguration, Mistake, RingpostError
from controller.ivr.compiled import compile_ivr
from controller.ivr.model import DestinationKind
from controller.numbers import is_e164, national_digits, parse_number, try_number
from controller.script.parser import LONGEST_SCRIPT, parse
from controller.script.program import Program
from controller.script.simulation.callee import AnsweredBy, TransferResult
from controller.script.simulation.simulator import Simulation
from controller.script.simulation.situation import (
    ANSWERERS,
    CALLER,
    Keypad,
    ScriptedKeypad,
    Situation,
    always,
    read_keys,
    read_press,
)
from controller.script.state import State
from controller.script.transcript import TranscriptLine, particulars
from controller.script.url_text import quoted
from controller.speech.audio import playable_seconds
from controller.speech.heard_text import spoken
from controller.speech.house_sounds import HOUSE_SECONDS
from controller.terminal import output
from controller.terminal import shown as safe

OUR_NUMBER = "+12015550101"
OTHER_NUMBER = "+12015550199"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is run: a program, what it is called for people, and what the configuration says of the number it serves.

    called: our number, E.164, or empty. sound_seconds: how long a sound lasts, None for one that is not there.
    """

    name: str
    program: Program
    called: str = ""
    sound_seconds: Callable[[str], float | None] = always


@dataclass(frozen=True, slots=True)
class Course:
    """How a simulated call goes, as the command line and the test files say it.

    keys: an item for each wait for input, such as "2,#,-,1234#". presses: `SECONDS:DIGITS`. hang_up_at: seconds after
    the answer. caller, called: phone numbers; of an outgoing call, `called` is the one that was dialled.
    transfer_number: of an outgoing call, where 0 transfers it.
    """

    keys: str = ""
    presses: Sequence[str] = ()
    outgoing: bool = False
    answered_by: AnsweredBy = "human"
    transfer: TransferResult = "answered"
    transfer_number: str = ""
    pages: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    caller: str = ""
    called: str = ""
    hang_up_at: float = inf

    def keypad(self) -> ScriptedKeypad:
        """The keys that are pressed. RingpostError for what is no key or no time."""
        try:
            return ScriptedKeypad(read_keys(self.keys), [press for text in self.presses for press in read_press(text)])
        except ValueError as error:
            raise RingpostError(str(error)) from None

    def state(self, subject: Subject) -> State:
        """The start of the call. RingpostError for a transfer number that is none, or of a call that came in."""
        if self.transfer_number and not self.outgoing:
            raise RingpostError("only outgoing calls have a transfer number")
        called = _number(self.called or (OTHER_NUMBER if self.outgoing else subject.called or OUR_NUMBER))
        caller = _number(self.caller or (subject.called or OUR_NUMBER if self.outgoing else OTHER_NUMBER))
        if self.outgoing:
            return State.for_outgoing(
                phonenumber=called,
                callerid=caller,
                queueid="1",
                transfer_number=parse_number(self.transfer_number) if self.transfer_number else "",
                key_seed="simulation",
                variables=self.variables,
            )
        return State.for_incoming(phonenumber=called, callerid=caller, key_seed="simulation", variables=self.variables)


def simulation_of(subject: Subject, course: Course, keypad: Keypad | None = None) -> Simulation:
    """The call, ready to run. `keypad`: whoever presses keys instead of those of the course."""
    situation = Situation(
        other_end=ANSWERERS[course.answered_by] if course.outgoing else CALLER,
        transfer=course.transfer,
        pages=course.pages,
        hang_up_at=course.hang_up_at,
        spoken=spoken,
        sound_seconds=subject.sound_seconds,
        house_sounds=HOUSE_SECONDS,
    )
    return Simulation(subject.program, course.state(subject), situation, keypad or course.keypad())


def subject_of(file: Path | None, ivr: str | None, did: str | None, config: Path) -> Subject:
    """What the command line names: a script, an IVR, or a number; one of the three.

    RingpostError when it is not one, or not there; InvalidConfiguration when it does not parse.
    """
    if sum(each is not None for each in (file, ivr, did)) != 1:
        raise RingpostError("name what is to be run: a FILE, --ivr NAME or --did NUMBER, one of them")
    if file is not None:
        return script_subject(file)
    return ivr_subject(ivr, config) if ivr is not None else did_subject(did or "", config)


def script_subject(path: Path) -> Subject:
    """A script of a file. ConfigurationError when it cannot be read, InvalidConfiguration when it does not parse."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            source = file.read(LONGEST_SCRIPT + 1)
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    program = parse(source)
    if not program.ok:
        raise InvalidConfiguration(
            [Mistake(str(path), each.line, each.column, each.message, each.severity) for each in program.diagnostics]
        )
    return Subject(path.name, program)


def ivr_subject(name: str, config: Path) -> Subject:
    """An IVR of the configuration, with the sounds of the first number from whose IVR it can be reached."""
    snapshot = load(config, other_sections=SECTIONS)
    if name not in snapshot.ivrs:
        raise ConfigurationError(f"there is no IVR “{name}” in {config}")
    scripts = {path: script.source for path, script in snapshot.scripts.items()}
    program = compile_ivr(name, snapshot.ivrs, snapshot.sequences, scripts)
    did = next((did for did in snapshot.dids.values() if _leads_to(snapshot, did, name)), None)
    if did is None or did.voice is None:
        return Subject(f"ivr {name}", program)
    return Subject(f"ivr {name}", program, did.number, sound_lengths(snapshot.sounds[did.voice.name]))


def _leads_to(snapshot: Snapshot, did: Did, ivr: str) -> bool:
    """Whether calls to a number can come to an IVR."""
    return did.ivr is not None and (DestinationKind.IVR, ivr) in reachable(snapshot.ivrs, [did.ivr.name])


def did_subject(number: str, config: Path) -> Subject:
    """What a number of the configuration does with calls."""
    snapshot = load(config, other_sections=SECTIONS)
    did = snapshot.did(parse_number(number))
    if did is None:
        raise ConfigurationError(f"{number} is not among the numbers of {config}")
    rule = rule_of(did)
    if rule is None:
        raise ConfigurationError(f"calls to {did.number} are refused with 404: it has neither `voice` nor `sms`")
    return Subject(did.number, rule.program, did.number, sound_lengths(snapshot.sounds.get(rule.license_key, {})))


def sound_lengths(sounds: Mapping[str, Path]) -> Callable[[str], float | None]:
    """How long the sounds of a key, by id, last; None for one that no call can play."""

    @cache
    def seconds(sound_id: str) -> float | None:
        path = sounds.get(sound_id.lower())
        if path is None:
            return None
        try:
            return playable_seconds(path)
        except AudioInvalid:
            return None

    return seconds


def tell(subject: Subject, course: Course, *, interactive: bool = False, as_json: bool = False) -> bool:
    """Run the call and print what happens. True when it ended in a regular way."""
    with keyboard() if interactive else nullcontext(None) as keypad:
        simulation = simulation_of(subject, course, keypad)
        if as_json:
            tell_as_json(simulation.run(), lambda line: print(line, flush=interactive))
        else:
            tell_people(simulation.run(), output())
    return simulation.regular


def read_pages(texts: Iterable[str]) -> dict[str, str]:
    """What URLs answer, out of texts of two lines: a URL and a body."""
    pages: dict[str, str] = {}
    for text in texts:
        url, _, body = text.partition("\n")
        pages[url] = body
        # As QueryExternalServer asks for it: what may not stand in a URL is percent-encoded.
        pages[quoted(url)] = body
    return pages


def read_variables(texts: Iterable[str]) -> dict[str, str]:
    """Variables, out of `name=value`. RingpostError for what is not of that form."""
    variables: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise RingpostError(f"“{text}” is not NAME=VALUE")
        variables[name.strip()] = value
    return variables


def tell_as_json(lines: Iterator[TranscriptLine], write: Callable[[str], None]) -> None:
    """One JSON object a line."""
    for line in lines:
        write(json.dumps(line.as_json(), ensure_ascii=False))


def tell_people(lines: Iterator[TranscriptLine], console: Console) -> None:
    """A transcript: the time in seconds, the event, and what it is about."""
    for line in lines:
        style = _STYLES.get(line.event, "default")
        about = particulars(line)
        event = f"[{style}]{line.event:<14}[/] {safe(about)}" if about else f"[{style}]{line.event}[/]"
        console.print(f"[dim]{line.t:8.2f}[/]  {event}", soft_wrap=True)


_STYLES = {
    "say": "bold",
    "digit": "bold cyan",
    "jump": "magenta",
    "error": "red",
    "end": "bold green",
    "detected": "yellow",
}


def _number(text: str) -> str:
    """A number as scripts know it: the ten digits of a North American one. What is no number stays as it is."""
    number = try_number(text) or text
    return national_digits(number) if is_e164(number) else number
