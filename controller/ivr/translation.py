"""The translation of IVRs and their sequences into a program of the call-script engine.

A program holds everything that callers can come to from one IVR: other IVRs, sequences, scripts. Each place has a
label: a number of its own, a tilde, and its destination as the YAML writes it. So places with the same name stay apart,
no script can jump to a place that is not its own, and a circle of IVRs is a circle of jumps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from controller.errors import DestinationInvalid
from controller.ivr.menu import Choose, EnterMenu, EnterScript, Leave
from controller.ivr.menu_announcements import ANNOUNCEMENTS, Announcements
from controller.ivr.model import AfterSequence, Destination, DestinationKind, DtmfStep, Ivr, RecordingStep, Sequence
from controller.ivr.steps import BeginStep, EchoBack, Forward, HangUp, JoinRoom, PlayStep, QueueText, SendTones
from controller.script.commands.command import Command
from controller.script.commands.digits import AssignDTMF, GetDigits
from controller.script.commands.flow import Goto, GotoIf, Label
from controller.script.commands.speech import ChangeVoiceID, PlayAlphaNumeric, PlaySound, Say
from controller.script.frame import BUILT_IN_LABELS
from controller.script.parser import parse
from controller.script.program import Program, Step

HANG_UP_CAUSES = {"busy": 17, "noservice": 1, "disconnected": 1}
TEST_DIGITS = "testdigits"
_SHARED = (DestinationKind.IVR, DestinationKind.SCRIPT)

T = TypeVar("T")


def translate(
    name: str,
    ivrs: Mapping[str, Ivr],
    sequences: Mapping[str, Sequence],
    scripts: Mapping[str, str],
    *,
    source: str = "",
) -> Program:
    """The program of the IVR `name`. `scripts`: the text of each script by the name that destinations give it.

    DestinationInvalid when an IVR, sequence or script that callers can come to is not there.
    """
    return _Translator(ivrs, sequences, scripts).program(name, source)


class _Translator:
    def __init__(self, ivrs: Mapping[str, Ivr], sequences: Mapping[str, Sequence], scripts: Mapping[str, str]) -> None:
        self._ivrs = ivrs
        self._sequences = sequences
        self._scripts = scripts
        self._steps: list[Step] = []
        self._labels: dict[tuple[str, Destination], str] = {}
        self._waiting: list[Destination] = []

    def program(self, name: str, source: str) -> Program:
        self._label("", Destination(DestinationKind.IVR, name))
        while self._waiting:
            place = self._waiting.pop(0)
            if place.kind is DestinationKind.IVR:
                self._menu(self._known(self._ivrs, place), self._label("", place))
            else:
                self._script(self._known(self._scripts, place), self._label("", place))
        return Program.of(self._steps, source=source)

    @staticmethod
    def _known(things: Mapping[str, T], place: Destination) -> T:
        thing = things.get(place.target)
        if thing is None:
            raise DestinationInvalid(f"{place} does not exist")
        return thing

    def _add(self, *commands: Command) -> None:
        self._steps.extend(Step(command) for command in commands)

    def _label(self, ivr: str, place: Destination) -> str:
        """The label of a place. Menus and scripts are there once; the others once for each IVR that leads there."""
        key = ("" if place.kind in _SHARED else ivr, place)
        label = self._labels.get(key)
        if label is None:
            # Brackets would stand for a variable, and a tilde ends the number.
            shown = str(place).translate(str.maketrans("[]~", "()-"))
            label = self._labels[key] = f"{len(self._labels) + 1}~{shown}".lower()[:100].strip()
            if place.kind in _SHARED:
                self._waiting.append(place)
        return label

    def _menu(self, ivr: Ivr, label: str) -> None:
        words = ANNOUNCEMENTS.get(ivr.language, ANNOUNCEMENTS["en"])
        prompt = f"{_scope(label)}prompt"
        places = dict.fromkeys(ivr.destinations)
        self._add(
            Label(label),
            EnterMenu(ivr.name),
            ChangeVoiceID(str(words.voice)),
            Label(prompt),
            PlaySound(ivr.recording) if ivr.recording else Say(" ".join((ivr.text or "").split())),
            Choose(
                choices=tuple((choice.digits, self._label(ivr.name, choice.destination)) for choice in ivr.choices),
                timeout=ivr.timeout,
                digit_timeout=ivr.digit_timeout,
                repeat=ivr.repeat,
                prompt=prompt,
                no_input=self._label(ivr.name, ivr.no_input),
                wrong_choice=self._label(ivr.name, ivr.wrong_choice),
            ),
        )
        for place in places:
            if place.kind not in _SHARED:
                there = self._label(ivr.name, place)
                self._add(Label(there), *self._place(place, words, _scope(there), label))

    def _place(self, place: Destination, words: Announcements, scope: str, menu: str) -> Iterator[Command]:
        """What happens at a place that is neither a menu nor a script.

        scope: what labels within it begin with. menu: the label of the menu that leads there.
        """
        match place.kind:
            case DestinationKind.SEQUENCE:
                yield from self._sequence(self._known(self._sequences, place), menu)
            case DestinationKind.FORWARD | DestinationKind.PHONE | DestinationKind.DID:
                yield Forward(f"sip:{place.target}" if place.kind is DestinationKind.PHONE else place.target)
                yield Say(words.unreachable)
                yield HangUp("end-call")
            case DestinationKind.RECORDING:
                yield PlaySound(place.target)
                yield HangUp("end-call")
            case DestinationKind.CONFERENCE:
                yield JoinRoom(place.target)
                yield HangUp("end-call")
            case _:
                yield from self._system(place.target, words, scope)

    @staticmethod
    def _sequence(sequence: Sequence, menu: str) -> Iterator[Command]:
        for number, step in enumerate(sequence.steps, start=1):
            place = f"{sequence.name} step {number}"
            yield BeginStep(number)
            if isinstance(step, DtmfStep):
                yield SendTones(place, step.digits, step.tone_ms, step.gap_ms)
            elif isinstance(step, RecordingStep):
                yield PlayStep(step.sound_id, place)
            else:
                yield QueueText(place, step.sender, step.recipient, step.body)
        if sequence.then is AfterSequence.BACK_TO_IVR:
            yield Leave(menu, forget=True)
        else:
            yield HangUp("end-of-script")

    @staticmethod
    def _system(what: str, words: Announcements, scope: str) -> Iterator[Command]:
        match what:
            case "busy":
                yield HangUp("busy", HANG_UP_CAUSES[what])
            case "noservice":
                yield Say(words.no_service)
                yield HangUp("no-service", HANG_UP_CAUSES[what])
            case "disconnected":
                yield Say(words.disconnected)
                yield HangUp("disconnected", HANG_UP_CAUSES[what])
            case "echo":
                yield EchoBack()
                yield HangUp("end-call")
            case "dtmf":
                yield Label(f"{scope}again")
                yield Say(words.press_keys)
                yield GetDigits(TEST_DIGITS)
                yield GotoIf(TEST_DIGITS, "", f"{scope}end")
                yield Say(words.you_pressed)
                yield PlayAlphaNumeric(f"[{TEST_DIGITS}]")
                yield Goto(f"{scope}again")
                yield Label(f"{scope}end")
                yield HangUp("end-call")
            case _:
                yield HangUp("end-call")

    def _script(self, source: str, label: str) -> None:
        program = parse(source)
        scope = _scope(label)
        self._add(Label(label), EnterScript(f"{scope}start"), ChangeVoiceID(str(ANNOUNCEMENTS["en"].voice)))
        self._add(*(Label(scope + name) for name in BUILT_IN_LABELS if name not in program.labels and "~" not in name))
        for step in program.steps:
            command = step.command
            if isinstance(command, Label | Goto | GotoIf | AssignDTMF):
                command = replace(command, label=scope + command.label.strip())
            self._steps.append(replace(step, command=command))
        self._add(HangUp("end-of-script"))


def _scope(label: str) -> str:
    """The number of a place and its tilde: with them begin the labels within it."""
    return label[: label.index("~") + 1]
