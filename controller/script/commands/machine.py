"""The machine: what commands may do to a running script. They see nothing else of it."""

from __future__ import annotations

import uuid
from typing import Protocol, TypeVar

from controller.script.commands.kind import SUBSTITUTION, ArgumentKind
from controller.script.outcomes import Note, Reaction
from controller.script.state import OPERATORS_TRANSFER_LABEL, TRANSFER_LABEL, State

T = TypeVar("T")

LONGEST_VALUE = 500
LONGEST_ARGUMENT = 4096
MOST_VARIABLES = 1000
# The state of a call is written down at every step, all its variables with it.
LARGEST_VARIABLES = 100_000
MOST_TYPED_AHEAD = 100


class Places(Protocol):
    """What is known of a program here: where its labels are, and whether it starts at once."""

    @property
    def quick_start(self) -> bool: ...

    def target(self, label: str) -> int | None: ...


class Taker(Protocol):
    """A command that takes digits, or reads its arguments."""

    @property
    def name(self) -> str: ...

    def take_digit(self, machine: Machine, digit: str) -> Reaction: ...


class Machine:
    """A program, the state it has reached, and the notes of what was done since they were last taken."""

    __slots__ = ("notes", "program", "state")

    def __init__(self, program: Places, state: State) -> None:
        self.program = program
        self.state = state
        self.notes: list[Note] = []

    def note(self, event: str, **values: str) -> None:
        """Add a line to the trace."""
        self.notes.append(Note(event, tuple(values.items())))

    def error(self, message: str) -> None:
        """Add to the trace that something went wrong; the script goes on."""
        self.note("error", message=message)

    def text(self, argument: str) -> str:
        """The argument with the values of variables in place of `[name]`."""
        if "[" not in argument:
            return argument
        value = SUBSTITUTION.sub(lambda match: self.variable(match.group(1)), argument)
        return value.strip()[:LONGEST_ARGUMENT]

    def read(self, kind: ArgumentKind[T], argument: str, *, of: Taker) -> T | None:
        """The argument, read as `kind`; None for an empty one, and for a wrong one, which is an error in the trace."""
        text = self.text(argument)
        value = kind.read(text)
        if value is None and (text or argument):
            self.error(f"{of.name} needs {kind.expects}, not {text[:60]!r}.")
        return value

    def variable(self, name: str) -> str:
        """The value of a variable, empty if it was never set."""
        return self.state.variables.get(name.strip().lower(), "")

    def has_variable(self, name: str) -> bool:
        """Whether the variable was ever set."""
        return name.strip().lower() in self.state.variables

    def set_variable(self, name: str, value: str) -> None:
        """Set a variable; its value is cut at 500 characters (Phone Notify! documentation)."""
        name, value = name.strip().lower(), value[:LONGEST_VALUE]
        if not name:
            self.error("A variable needs a name.")
            return
        variables = self.state.variables
        if name not in variables and len(variables) >= MOST_VARIABLES:
            self.error(f"There are more than {MOST_VARIABLES} variables; {name[:60]} is not set.")
            return
        name = name[:LONGEST_VALUE]
        held = sum(map(len, variables)) + sum(map(len, variables.values())) - len(variables.get(name, ""))
        if held + len(value) + (0 if name in variables else len(name)) > LARGEST_VARIABLES:
            self.error(f"The variables hold more than {LARGEST_VARIABLES} characters; {name[:60]} is not set.")
            return
        variables[name] = value
        self.note("set", name=name, value=value)

    def jump(self, label: str) -> bool:
        """Go on at the label; False, and an error in the trace, if there is none of that name."""
        target = self.program.target(label)
        if target is None:
            self.error(f"There is no label {_shown(label)!r}.")
            return False
        self.state.position = target
        self.note("jump", label=_shown(label))
        return True

    def binding(self, digit: str) -> str:
        """The label where this digit leads now, empty if nowhere."""
        if not self.state.act_on_digit:
            return ""
        label = self.state.bindings.get(digit, "")
        if label and self.program.target(label) is None:
            self.error(f"There is no label {_shown(label)!r} for the digit {digit}.")
            return ""
        return label

    def jump_away(self, label: str) -> None:
        """Take the jump of a bound digit, a detection or an operator, away from the command that is under way."""
        if label in (TRANSFER_LABEL, OPERATORS_TRANSFER_LABEL):
            begun = self.state.current >= 0
            self.state.return_to = self.state.current if begun else max(0, self.state.position)
        self.jump(label)

    def type_ahead(self, digit: str) -> None:
        """Keep a digit for the next command that waits for digits."""
        self.state.typed_ahead = (self.state.typed_ahead + digit)[:MOST_TYPED_AHEAD]

    def take_typed_ahead(self, command: Taker) -> bool:
        """Give the digits typed ahead to a command that starts to wait for digits.

        True if they end its wait, or if one of them is bound and the script jumps: there is nothing to wait for.
        """
        while digits := self.state.typed_ahead:
            digit, self.state.typed_ahead = digits[0], digits[1:]
            label = self.binding(digit)
            if label:
                self.state.jump = label
                return True
            if command.take_digit(self, digit) is Reaction.STOP:
                return True
        return False

    def new_key(self) -> str:
        """A new GUID. It follows from the call's seed, so that a repeated step makes the same one."""
        self.state.keys_made += 1
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.state.key_seed}/{self.state.keys_made}"))


def _shown(label: str) -> str:
    """A label as the trace names it. What stands before a tilde, which no script can write, tells equal names apart."""
    return label.rpartition("~")[2].strip().lower()[:100]
