"""The implicit frame: what a call does before the script's first command, and when 0 or an operator transfers it.

The order is that of the call log that the Phone Notify! documentation shows: label `ring`, the start of machine
detection, a wait for the called party to stop talking, label `start`, then the script. Incoming calls start at `start`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from controller.script.commands.command import Command
from controller.script.commands.machine import Machine
from controller.script.effects import Effect, End, ListenForSilence, SendDigits, Transfer
from controller.script.outcomes import Outcome, TransferFailed, Transferred
from controller.script.state import DIAL_EXTENSION, OPERATORS_TRANSFER_LABEL, OUTGOING_START, TRANSFER_LABEL


@dataclass(frozen=True, slots=True)
class TransferAtDigit(Command):
    """Transfer to the call's transfer number. When that fails, the script goes on where it was left."""

    name: ClassVar[str] = "TransferTo"
    conversation: ClassVar[bool] = True

    def perform(self, machine: Machine) -> Effect | None:
        number = self.take_number(machine)
        if not number:
            machine.error("There is no number to transfer the call to.")
            machine.state.position = machine.state.return_to
            return None
        return Transfer(number)

    def take_number(self, machine: Machine) -> str:
        """Where the call is transferred to; empty for nowhere."""
        return machine.state.transfer_number

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        if isinstance(outcome, Transferred):
            return End("transferred")
        if isinstance(outcome, TransferFailed):
            machine.error(f"The transfer failed: {outcome.reason}.")
        machine.state.position = machine.state.return_to
        return None


@dataclass(frozen=True, slots=True)
class TransferByOperator(TransferAtDigit):
    """Transfer to where an operator wants the call. When that fails, the script goes on where it was left."""

    def take_number(self, machine: Machine) -> str:
        """Where the operator wants it, once."""
        number, machine.state.asked_transfer = machine.state.asked_transfer, ""
        return number


@dataclass(frozen=True, slots=True)
class RingLabel(Command):
    """Where a ringing tone that is heard after the answer leads."""

    name: ClassVar[str] = "Label"

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (a label only marks a place)
        return None

    def __str__(self) -> str:
        return "Label(ring)"


@dataclass(frozen=True, slots=True)
class InitialDetection(Command):
    """Here machine detection starts. The call detects by itself and tells the engine what it finds, at any time."""

    name: ClassVar[str] = "InitialAMD"

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (see above)
        return None


@dataclass(frozen=True, slots=True)
class FirstSilence(Command):
    """Wait until whoever answered has stopped talking; not on incoming calls, nor after QuickStart."""

    name: ClassVar[str] = "WaitForSilence"

    def perform(self, machine: Machine) -> Effect | None:
        if machine.state.incoming or machine.program.quick_start:
            return None
        return _GREETING

    def __str__(self) -> str:
        return "WaitForSilence(1|2)"


@dataclass(frozen=True, slots=True)
class GreetingOver(Command):
    """Wait until the greeting of a machine is over that was recognised when the script had begun; then it is led on."""

    name: ClassVar[str] = "WaitForSilence"

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (it is the same for all scripts)
        return _GREETING

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:  # noqa: ARG002 (whatever was heard)
        label, machine.state.after_greeting = machine.state.after_greeting, ""
        if label and not machine.state.jump:
            machine.jump_away(label)
        return None

    def __str__(self) -> str:
        return "WaitForSilence(1|2)"


@dataclass(frozen=True, slots=True)
class DialExtension(Command):
    """Dial the extension of who is called, once, after a pause for whatever answers there; then the call begins."""

    name: ClassVar[str] = "DialDTMF"

    def perform(self, machine: Machine) -> Effect | None:
        machine.state.position = RING
        digits = machine.variable("extension")
        return SendDigits(EXTENSION_PAUSE + digits) if digits else None


# Two seconds: an automatic attendant has begun to speak by then, and hears digits.
EXTENSION_PAUSE = "wwww"
_GREETING = ListenForSilence(1.0, 2, 20.0, greeting=True)
GREETING_SECONDS = _GREETING.tries * _GREETING.limit
"""The longest wait for whoever answered to stop talking."""

FIRST_SILENCE = -1
GREETING = -6
OPERATORS_TRANSFER = -7
RING = OUTGOING_START
TRANSFER = -4
# By position, counted from the script's first command backwards.
FRAME: dict[int, Command] = {
    DIAL_EXTENSION: DialExtension(),
    TRANSFER: TransferAtDigit(),
    OPERATORS_TRANSFER: TransferByOperator(),
    GREETING: GreetingOver(),
    RING: RingLabel(),
    RING + 1: InitialDetection(),
    FIRST_SILENCE: FirstSilence(),
}
BUILT_IN_LABELS = {
    "start": 0,
    "amd": 0,
    "ring": RING,
    TRANSFER_LABEL: TRANSFER,
    OPERATORS_TRANSFER_LABEL: OPERATORS_TRANSFER,
}
