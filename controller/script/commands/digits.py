"""Digits: what a key press does, waiting for digits, and sending them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from controller.script.commands.command import Command, argument
from controller.script.commands.kinds import COUNT, DIGIT, FLAG, LABEL, SECONDS, SET_VARIABLE, TONES
from controller.script.commands.machine import Machine
from controller.script.commands.waits import unbounded
from controller.script.effects import CollectDigits, Effect, SendDigits, WaitForDigit
from controller.script.outcomes import Outcome, Reaction

MOST_DIGITS = 500
LONGEST_TONES = 200


@dataclass(frozen=True, slots=True)
class ActOnDigitPress(Command):
    r"""Say whether a pressed digit interrupts what is under way. It does, until a script switches it off.

    While it is on, a digit that AssignDTMF has bound stops what is under way and jumps to its label, and an unbound
    one ends the prompt that stands directly before the WaitForDTMF or GetDigits which takes it. While it is off, digits
    neither jump nor interrupt; they are kept for the next WaitForDTMF or GetDigits. Switch it off around GetDigits, or
    a bound digit jumps instead of being collected.

    act: true or false.

    Example:
        ~\ActOnDigitPress(false)~ Enter your code. ~\GetDigits(code)~ ~\ActOnDigitPress(true)~
    """

    name: ClassVar[str] = "ActOnDigitPress"
    only_sets: ClassVar[bool] = True
    act: str = argument(FLAG)

    def perform(self, machine: Machine) -> Effect | None:
        act = machine.read(FLAG, self.act, of=self)
        if act is not None:
            machine.state.act_on_digit = act
        return None


@dataclass(frozen=True, slots=True)
class AssignDTMF(Command):
    r"""Bind a digit to a label: whenever it is pressed, the script jumps there. It can be bound anew at any time.

    When a call starts, 1 is bound to `start` (the message is repeated) and, if the call has a transfer number, 0
    transfers to it. Digits pressed during a transfer or a conference belong to that conversation and jump nowhere.
    Sending digits and asking a server are not interrupted: the jump follows when they are done.

    digit: 0-9, * or #, also A-D.
    label: where to go on.

    Example:
        ~\AssignDTMF(2|two)~ Press 2. ~\WaitForDTMF(5)~ ~\EndCall()~ ~\Label(two)~ Thank you.
    """

    name: ClassVar[str] = "AssignDTMF"
    only_sets: ClassVar[bool] = True
    digit: str = argument(DIGIT)
    label: str = argument(LABEL)

    def perform(self, machine: Machine) -> Effect | None:
        digit = machine.read(DIGIT, self.digit, of=self)
        label = machine.read(LABEL, self.label, of=self)
        if digit and label:
            machine.state.bindings[digit] = label
        return None


@dataclass(frozen=True, slots=True)
class ClearDTMF(Command):
    r"""Take away all bindings of digits, the first ones included: that of 1 to `start`, and 0 for a transfer.

    Example:
        ~\ClearDTMF()~ Whatever you press now, this goes on.
    """

    name: ClassVar[str] = "ClearDTMF"
    only_sets: ClassVar[bool] = True

    def perform(self, machine: Machine) -> Effect | None:
        machine.state.bindings.clear()
        return None

    def binds_only(self) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True, slots=True)
class WaitForDTMF(Command):
    r"""Wait for one digit. A bound digit jumps to its label; any other ends the wait, and so does the time.

    A digit that was pressed before, and that nothing has taken, counts.

    seconds: how long to wait.

    Example:
        Press 1 to hear this again. ~\WaitForDTMF(5)~ Goodbye.
    """

    name: ClassVar[str] = "WaitForDTMF"
    takes_digits: ClassVar[bool] = True
    seconds: str = argument(SECONDS)

    def perform(self, machine: Machine) -> Effect | None:
        seconds = machine.read(SECONDS, self.seconds, of=self)
        if machine.take_typed_ahead(self) or not seconds:
            return None
        return WaitForDigit(seconds)

    def take_digit(self, machine: Machine, digit: str) -> Reaction:  # noqa: ARG002 (any digit will do)
        return Reaction.STOP

    def lasts(self) -> tuple[float, float]:
        seconds = SECONDS.read(self.seconds)
        return 0.0, 3600.0 if seconds is None else seconds

    def doubts(self) -> Iterable[tuple[str, str]]:
        return unbounded(self.name, "waits", self.seconds)


@dataclass(frozen=True, slots=True)
class GetDigits(Command):
    r"""Collect digits into a variable. It ends at `#`, at the maximum, or when none came for so many seconds.

    Digits that were pressed before, and that nothing has taken, count. Without any digit the variable is empty. While
    ActOnDigitPress is on, a bound digit jumps to its label, and the variable keeps what came before it.

    variable: gets the digits, without the `#` that ended them.
    seconds: how long to wait for the next digit; it starts again at each digit.
    maximum: how many digits there are at most. When it is given, `#` is a digit like the others.

    Example:
        ~\ActOnDigitPress(false)~ Enter your ZIP code. ~\GetDigits(zip|5|5)~ ~\VariableToTTS(zip)~
    """

    name: ClassVar[str] = "GetDigits"
    takes_digits: ClassVar[bool] = True
    variable: str = argument(SET_VARIABLE)
    seconds: str = argument(SECONDS, "5")
    maximum: str = argument(COUNT, "")

    def perform(self, machine: Machine) -> Effect | None:
        seconds = machine.read(SECONDS, self.seconds, of=self)
        maximum = machine.read(COUNT, self.maximum, of=self) if self.maximum else None
        machine.state.collected = ""
        if machine.take_typed_ahead(self) or seconds == 0:
            variable = machine.text(self.variable).strip().lower()
            machine.note("collect_digits", var=variable, digits=machine.state.collected)
            self._keep(machine)
            return None
        return CollectDigits(machine.text(self.variable).lower(), 5.0 if seconds is None else seconds, maximum)

    def take_digit(self, machine: Machine, digit: str) -> Reaction:
        maximum = COUNT.read(machine.text(self.maximum)) if self.maximum else None
        if digit == "#" and maximum is None:
            return Reaction.STOP
        machine.state.collected += digit
        if len(machine.state.collected) >= min(maximum or MOST_DIGITS, MOST_DIGITS):
            return Reaction.STOP
        return Reaction.RESTART_TIMER

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:  # noqa: ARG002 (what was collected counts)
        self._keep(machine)
        return None

    def lasts(self) -> tuple[float, float]:
        seconds, maximum = SECONDS.read(self.seconds), COUNT.read(self.maximum) if self.maximum else MOST_DIGITS
        longest = 3600.0 if seconds is None else seconds
        return 0.0, longest * min(maximum or MOST_DIGITS, MOST_DIGITS)

    def doubts(self) -> Iterable[tuple[str, str]]:
        return unbounded(self.name, "waits", self.seconds)

    def _keep(self, machine: Machine) -> None:
        machine.set_variable(machine.text(self.variable), machine.state.collected)
        machine.state.collected = ""


@dataclass(frozen=True, slots=True)
class DialDTMF(Command):
    r"""Send DTMF tones to the other side.

    digits: 0-9, *, #, A-D; w is a pause of half a second.

    Example:
        ~\DialDTMF(12w34#)~
    """

    name: ClassVar[str] = "DialDTMF"
    interruptible: ClassVar[bool] = False
    digits: str = argument(TONES)

    def perform(self, machine: Machine) -> Effect | None:
        digits = machine.read(TONES, self.digits, of=self)
        return SendDigits(digits[:LONGEST_TONES]) if digits else None

    def lasts(self) -> tuple[float, float]:
        digits = TONES.read(self.digits)
        if digits is None:
            return 0.0, 0.5 * LONGEST_TONES
        seconds = sum(0.5 if digit == "w" else 0.2 for digit in digits[:LONGEST_TONES])
        return seconds, seconds


COMMANDS: tuple[type[Command], ...] = (ActOnDigitPress, AssignDTMF, ClearDTMF, DialDTMF, GetDigits, WaitForDTMF)
