"""The translation of IVRs, their sequences, and routings into a program of the call-script engine.

A program holds everything that callers can come to from one place: IVRs, sequences, scripts, forwardings and the rest.
Each place has a label: a number of its own, a tilde, and its destination as the YAML writes it. So places with the same
name stay apart, no script can jump to a place that is not its own, and a circle of IVRs is a circle of jumps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from controller.errors import DestinationInvalid
from controller.ivr.menu import Choose, EnterMenu, EnterRouting, EnterScript, Leave
from controller.ivr.menu_announcements import ANNOUNCEMENTS, Announcements
from controller.ivr.model import (
    NO_FAILOVERS,
    AfterSequence,
    Destination,
    DestinationKind,
    DtmfStep,
    Failovers,
    Ivr,
    RecordingStep,
    Sequence,
)
from controller.ivr.place_translation import Ways, place_commands
from controller.ivr.places import KINDS, NumberRouting, Place
from controller.ivr.routing_steps import ScreenCaller
from controller.ivr.steps import BeginStep, EchoBack, Forward, HangUp, JoinRoom, Onward, PlayStep, QueueText, SendTones
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
_ENGLISH = ANNOUNCEMENTS["en"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What destinations name. ivrs, sequences: by name. scripts: the text of each by the name that destinations give
    it. places: the rest, by their destination.
    """

    ivrs: Mapping[str, Ivr] = field(default_factory=dict)
    sequences: Mapping[str, Sequence] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[Destination, Place] = field(default_factory=dict)


def translate(
    root: Destination, catalogue: Catalogue, *, source: str = "", compiled: Callable[[Destination], str] = str
) -> Program:
    """The program of what callers come to at `root`: an IVR, a number with a routing (`did:`), or any other place.

    compiled: the text of the program of another root, for calls that this one has placed. DestinationInvalid when
    something that callers can come to is not there.
    """
    return _Translator(catalogue, compiled).program(root, source)


@dataclass(slots=True)
class _Scope:
    """Those who lead to places of their own: a menu, a number's routing, or what follows when nobody was reached.

    menu: the label of the menu that a sequence goes back to; empty where there is none. failovers: where to go on from
    here when nobody was reached. waiting: the places that have a label, and no commands yet.
    """

    name: str
    words: Announcements
    menu: str = ""
    failovers: Failovers = NO_FAILOVERS
    waiting: list[Destination] = field(default_factory=list)


class _Translator:
    def __init__(self, catalogue: Catalogue, compiled: Callable[[Destination], str]) -> None:
        self._catalogue = catalogue
        self._compiled = compiled
        self._steps: list[Step] = []
        self._labels: dict[tuple[str, Destination], str] = {}
        self._waiting: list[Destination] = []
        self._scopes: dict[str, _Scope] = {}

    def program(self, root: Destination, source: str) -> Program:
        if root.kind is DestinationKind.IVR:
            self._label(self._scope("", _ENGLISH), root)
        elif root.kind is DestinationKind.DID:
            self._number(root)
        else:
            self._root_place(root)
        while self._waiting:
            place = self._waiting.pop(0)
            scope = self._scope("", _ENGLISH)
            if place.kind is DestinationKind.IVR:
                self._menu(self._known(self._catalogue.ivrs, place), self._label(scope, place))
            else:
                self._script(self._known(self._catalogue.scripts, place), self._label(scope, place))
        return Program.of(self._steps, source=source)

    @staticmethod
    def _known(things: Mapping[str, T], place: Destination) -> T:
        thing = things.get(place.target)
        if thing is None:
            raise DestinationInvalid(f"{place} does not exist")
        return thing

    def _place_of(self, destination: Destination) -> Place:
        place = self._catalogue.places.get(destination)
        if place is None:
            raise DestinationInvalid(f"{destination} does not exist")
        return place

    def _scope(self, name: str, words: Announcements, menu: str = "", failovers: Failovers = NO_FAILOVERS) -> _Scope:
        return self._scopes.setdefault(name, _Scope(name, words, menu, failovers))

    def _add(self, *commands: Command) -> None:
        self._steps.extend(Step(command) for command in commands)

    def _label(self, scope: _Scope, place: Destination) -> str:
        """The label of a place. Menus and scripts are there once; the others once for each scope that leads there."""
        shared = place.kind in _SHARED
        key = ("" if shared else scope.name, place)
        label = self._labels.get(key)
        if label is None:
            # Brackets would stand for a variable, and a tilde ends the number.
            shown = str(place).translate(str.maketrans("[]~", "()-"))
            label = self._labels[key] = f"{len(self._labels) + 1}~{shown}".lower()[:100].strip()
            (self._waiting if shared else scope.waiting).append(place)
        return label

    def _number(self, root: Destination) -> None:
        """A number's routing: the caller's filter decides, else the routing of the number itself."""
        routing = self._place_of(root)
        if not isinstance(routing, NumberRouting):
            raise DestinationInvalid(f"{root} does not exist")
        own = self._scope(str(root), _ENGLISH, failovers=routing.failovers)
        self._add(EnterRouting(), ChangeVoiceID(str(_ENGLISH.voice)))
        scopes = [own]
        if routing.filters:
            rules = []
            for index, each in enumerate(routing.filters, 1):
                scope = self._scope(f"{root} filter {index}", _ENGLISH, failovers=each.failovers)
                scopes.append(scope)
                rules.append((each.callers, self._label(scope, each.routing)))
            self._add(ScreenCaller(tuple(rules)))
        self._add(Leave(self._label(own, routing.routing)))
        for scope in scopes:
            self._places_of(scope)

    def _root_place(self, root: Destination) -> None:
        scope = self._scope(str(root), _ENGLISH)
        self._add(EnterRouting(), ChangeVoiceID(str(_ENGLISH.voice)))
        self._label(scope, root)
        self._places_of(scope)

    def _menu(self, ivr: Ivr, label: str) -> None:
        words = ANNOUNCEMENTS.get(ivr.language, _ENGLISH)
        prompt = f"{_prefix(label)}prompt"
        scope = self._scope(ivr.name, words, label)
        self._add(
            Label(label),
            EnterMenu(ivr.name),
            ChangeVoiceID(str(words.voice)),
            Label(prompt),
            PlaySound(ivr.recording) if ivr.recording else Say(" ".join((ivr.text or "").split())),
            Choose(
                choices=tuple((choice.digits, self._label(scope, choice.destination)) for choice in ivr.choices),
                timeout=ivr.timeout,
                digit_timeout=ivr.digit_timeout,
                repeat=ivr.repeat,
                prompt=prompt,
                no_input=self._label(scope, ivr.no_input),
                wrong_choice=self._label(scope, ivr.wrong_choice),
            ),
        )
        self._places_of(scope)

    def _places_of(self, scope: _Scope) -> None:
        """The commands of all places that a scope leads to, and of those that these lead to."""
        while scope.waiting:
            place = scope.waiting.pop(0)
            label = self._label(scope, place)
            self._add(Label(label), *self._place(place, scope, _prefix(label)))
        beyond = self._scopes.get(_beyond(scope.name))
        if beyond is not None and beyond is not scope:
            self._places_of(beyond)

    def _onward(self, scope: _Scope) -> Onward:
        """The labels of a scope's failovers. Those have none of their own: nobody is sent round in a circle."""
        failovers = scope.failovers
        if not failovers:
            return Onward()
        beyond = self._scope(_beyond(scope.name), scope.words, scope.menu)

        def label(place: Destination | None) -> str:
            return "" if place is None else self._label(beyond, place)

        return Onward(label(failovers.busy), label(failovers.unreachable), label(failovers.noanswer))

    def _place(self, place: Destination, scope: _Scope, prefix: str) -> Iterator[Command]:
        """What happens at a place that is neither a menu nor a script. prefix: what labels within it begin with."""
        words = scope.words
        if place.kind in KINDS and place.kind is not DestinationKind.DID and not place.is_number:
            ways = Ways(
                lambda there: self._label(scope, there), self._place_of, self._onward(scope), prefix, self._compiled
            )
            yield from place_commands(place, self._place_of(place), words, ways)
            return
        match place.kind:
            case DestinationKind.SEQUENCE:
                yield from self._sequence(self._known(self._catalogue.sequences, place), scope.menu)
            case DestinationKind.FORWARD | DestinationKind.PHONE | DestinationKind.DID:
                target = f"sip:{place.target}" if place.kind is DestinationKind.PHONE else place.target
                yield Forward(target, onward=self._onward(scope))
                yield Say(words.unreachable)
                yield HangUp("end-call")
            case DestinationKind.RECORDING:
                yield PlaySound(place.target)
                yield HangUp("end-call")
            case DestinationKind.CONFERENCE:
                yield JoinRoom(place.target)
                yield HangUp("end-call")
            case _:
                yield from self._system(place.target, words, prefix)

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
        if sequence.then is AfterSequence.BACK_TO_IVR and menu:
            yield Leave(menu, forget=True)
        else:
            yield HangUp("end-of-script")

    @staticmethod
    def _system(what: str, words: Announcements, prefix: str) -> Iterator[Command]:
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
                yield Label(f"{prefix}again")
                yield Say(words.press_keys)
                yield GetDigits(TEST_DIGITS)
                yield GotoIf(TEST_DIGITS, "", f"{prefix}end")
                yield Say(words.you_pressed)
                yield PlayAlphaNumeric(f"[{TEST_DIGITS}]")
                yield Goto(f"{prefix}again")
                yield Label(f"{prefix}end")
                yield HangUp("end-call")
            case _:
                yield HangUp("end-call")

    def _script(self, source: str, label: str) -> None:
        program = parse(source)
        prefix = _prefix(label)
        self._add(Label(label), EnterScript(f"{prefix}start"), ChangeVoiceID(str(_ENGLISH.voice)))
        self._add(*(Label(prefix + name) for name in BUILT_IN_LABELS if name not in program.labels and "~" not in name))
        for step in program.steps:
            command = step.command
            if isinstance(command, Label | Goto | GotoIf | AssignDTMF):
                command = replace(command, label=prefix + command.label.strip())
            self._steps.append(replace(step, command=command))
        self._add(HangUp("end-of-script"))


def _prefix(label: str) -> str:
    """The number of a place and its tilde: with them begin the labels within it."""
    return label[: label.index("~") + 1]


def _beyond(name: str) -> str:
    """The name of the scope of what follows when nobody was reached from another scope."""
    return f"{name} ~ beyond"
