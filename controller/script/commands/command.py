"""What every command of the language is: a small value that declares its arguments and performs itself.

A command holds its arguments as they stand in the script, because `[name]` in them is replaced by the variable's value
only when the command runs. Each argument has a `Kind`, which says what it must look like, reads it, and tells the
checker whether it names a label, a variable that is read, or one that is set.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar

from controller.script.commands.kind import SUBSTITUTION, ArgumentKind
from controller.script.commands.machine import Machine
from controller.script.effects import Effect, Play, Prompt
from controller.script.outcomes import Outcome, Reaction
from controller.script.voice_ids import DEFAULT_VOICE


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a command's signature. `default` is None for an argument that must be given."""

    name: str
    kind: ArgumentKind[Any]
    default: str | None


def argument(kind: ArgumentKind[Any], default: str | None = None) -> Any:
    """Declare a field of a command as an argument of `kind`. One without a default must be given."""
    metadata = {"kind": kind}
    return field(metadata=metadata) if default is None else field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Command:
    """One element of a script: a command, a run of text, or a sound.

    It is no ABC: scripts are checked within two milliseconds, and `isinstance` of an ABC alone takes a third of that.
    """

    name: ClassVar[str] = ""  # as the vendor's pages write it; empty for what has no name in the language
    takes_digits: ClassVar[bool] = False  # it waits for digits: a digit during the prompt before it ends that prompt
    falls_through: ClassVar[bool] = True  # the next command may follow
    ends: ClassVar[bool] = False  # the call may end with it
    sends: ClassVar[int] = 0  # how many texts it sends
    conversation: ClassVar[bool] = False  # two people talk: digits and detections are theirs, not the script's
    interruptible: ClassVar[bool] = True  # a bound digit stops it at once; else the jump follows when it is over
    only_sets: ClassVar[bool] = False  # it takes no time and goes nowhere: it sets how the call goes on
    takes_secrets: ClassVar[bool] = False  # its digits are secret: neither the trace nor a variable gets them
    routes: ClassVar[bool] = False  # it begins what a number's routing says: the call may be turned away unanswered
    heeds_digits: ClassVar[bool] = False  # digits are acted on again after it, whatever was switched off before

    @abstractmethod
    def perform(self, machine: Machine) -> Effect | None:
        """Do it: change the machine's state, or return what the call must do. None goes on with the next command."""

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:  # noqa: ARG002 (for those that need them)
        """Take the outcome of the effect that `perform` returned. An `End` returned from here ends the call."""
        return None

    def take_digit(self, machine: Machine, digit: str) -> Reaction:
        """Take a digit that no binding took while the effect is running. By default it waits for the next command."""
        machine.type_ahead(digit)
        return Reaction.GO_ON

    def lasts(self) -> tuple[float, float]:
        """The shortest and the longest time that it takes when it does not fail, as far as the text tells."""
        return 0.0, 0.0

    def jumps(self) -> tuple[str, ...]:
        """The labels where it may go on at once, as they stand in the script."""
        return ()

    def retries(self) -> tuple[str, int]:
        """The label that it goes back to, and at most how often, before it goes on; what lies between runs in order."""
        return "", 0

    def doubts(self) -> Iterable[tuple[str, str]]:
        """What is doubtful in its arguments by themselves, though they are right: codes and sentences (`waits`)."""
        return ()

    def binds_only(self) -> Mapping[str, str] | None:
        """All digits that are bound after it, each with its label; None when those of before stay."""
        return None

    def arguments(self) -> tuple[str, ...]:
        """The arguments as they stand in the script, those left out at the end left out."""
        values, parameters = list(self.given()), signature(type(self))
        while values and values[-1] == parameters[len(values) - 1].default:
            values.pop()
        return tuple(values)

    def given(self, role: str | None = None) -> tuple[str, ...]:
        """Its arguments of a role ("label", "sets", "reads" …), or all of them, as they stand in the script."""
        names = _shape(type(self)).names.get(role)
        return () if names is None else tuple([getattr(self, name) for name in names])

    def __str__(self) -> str:
        return f"{self.name}({'|'.join(self.arguments())})"


@dataclass(frozen=True, slots=True)
class Speaking(Command):
    """An element that is heard. Those that follow each other directly are played as one `Play`."""

    @abstractmethod
    def prompts(self, machine: Machine) -> Iterable[Prompt]:
        """What is to be played now; nothing when there is nothing to say."""

    def perform(self, machine: Machine) -> Effect | None:
        """Play this one alone."""
        prompts = tuple(self.prompts(machine))
        return Play(prompts, machine.state.sound_pausing) if prompts else None

    def texts(self, voice: int = DEFAULT_VOICE) -> Iterable[str]:  # noqa: ARG002 (for those who need it)
        """The texts that will be spoken, as far as they are known before the call, when this voice is in force."""
        return ()

    def sounds(self) -> Iterable[str]:
        """The ids of the sounds that will be played, as far as they are known before the call."""
        return ()


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is known of a class of commands: its arguments, and their names by role (None: all of them)."""

    parameters: tuple[Parameter, ...]
    needed: int
    names: Mapping[str | None, tuple[str, ...]]


_shapes: dict[type[Command], _Shape] = {}


def _shape(command: type[Command]) -> _Shape:
    known = _shapes.get(command)
    if known is None:
        parameters = tuple(
            Parameter(each.name, each.metadata["kind"], None if each.default is MISSING else str(each.default))
            for each in fields(command)
            if "kind" in each.metadata
        )
        names: dict[str | None, tuple[str, ...]] = {}
        for each in parameters:
            for role in (each.kind.role, None):
                names[role] = (*names.get(role, ()), each.name)
        known = _Shape(parameters, sum(each.default is None for each in parameters), names)
        _shapes[command] = known
    return known


def signature(command: type[Command]) -> tuple[Parameter, ...]:
    """The arguments of a command, in order."""
    return _shape(command).parameters


def needed(command: type[Command]) -> int:
    """How many arguments a command needs at least."""
    return _shape(command).needed


def dynamic(text: str) -> bool:
    """Whether a variable is put into this argument when the command runs."""
    return "[" in text and SUBSTITUTION.search(text) is not None
