"""Where a script goes on: labels, jumps, and its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from controller.script.commands.command import Command, argument, dynamic
from controller.script.commands.kinds import LABEL, NEW_LABEL, READ_VARIABLE, TEXT
from controller.script.commands.machine import Machine
from controller.script.effects import Effect, End


@dataclass(frozen=True, slots=True)
class Label(Command):
    r"""Give a place in the script a name. Large and small letters are the same.

    Every script has the label `start` at its beginning unless it defines one itself. A script that defines `amd` goes
    on there when an answering machine or a fax is recognised, and one that defines `ring` when a ringing tone is heard
    after the answer; otherwise such a call starts again.

    label: the name.

    Example:
        ~\Label(again)~ Hello. ~\WaitForDTMF(2)~ ~\GotoIf(digitsdialed|5|again)~
    """

    name: ClassVar[str] = "Label"
    only_sets: ClassVar[bool] = True
    label: str = argument(NEW_LABEL)

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (a label only marks a place)
        return None

    def defines(self) -> Iterable[str]:
        """Its name in lower case, if it is one: a label's name is fixed before the script runs."""
        name = NEW_LABEL.read(self.label)
        return () if name is None or dynamic(self.label) else (name,)


@dataclass(frozen=True, slots=True)
class Goto(Command):
    r"""Go on at a label. A label that does not exist is an error in the call's trace, and the script goes on.

    label: where to go on.

    Example:
        ~\Goto(bye)~ This is never heard. ~\Label(bye)~ Goodbye.
    """

    name: ClassVar[str] = "Goto"
    falls_through: ClassVar[bool] = False
    label: str = argument(LABEL)

    def perform(self, machine: Machine) -> Effect | None:
        machine.jump(machine.text(self.label))
        return None

    def jumps(self) -> tuple[str, ...]:
        return (self.label,)


@dataclass(frozen=True, slots=True)
class GotoIf(Command):
    r"""Go on at a label if a variable has exactly this value; otherwise go on with the next command.

    Both are compared as texts, large and small letters being different. A variable that was never set is empty.

    variable: its name.
    value: a text; `[name]` stands for the value of another variable.
    label: where to go on.

    Example:
        ~\SetVar(count|3)~ ~\GotoIf(count|3|done)~ Not yet. ~\Label(done)~ Done.
    """

    name: ClassVar[str] = "GotoIf"
    variable: str = argument(READ_VARIABLE)
    value: str = argument(TEXT)
    label: str = argument(LABEL)

    def perform(self, machine: Machine) -> Effect | None:
        if machine.variable(machine.text(self.variable)) == machine.text(self.value):
            machine.jump(machine.text(self.label))
        return None

    def jumps(self) -> tuple[str, ...]:
        return (self.label,)


@dataclass(frozen=True, slots=True)
class EndCall(Command):
    r"""Hang up at once. A script that reaches its end hangs up too.

    Example:
        Goodbye. ~\EndCall()~
    """

    name: ClassVar[str] = "EndCall"
    falls_through: ClassVar[bool] = False
    ends: ClassVar[bool] = True

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (it is the end)
        return End("end-call")


COMMANDS: tuple[type[Command], ...] = (EndCall, Goto, GotoIf, Label)
