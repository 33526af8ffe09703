"""The commands of routings: deciding by the caller or the time, waiting in a queue, messages, callbacks, DISA.

No script can write them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

from controller.ivr.caller_filters import Caller, choose
from controller.ivr.pins import is_pin
from controller.ivr.time_spans import Span, in_any
from controller.numbers import try_number
from controller.script.commands.command import Command
from controller.script.commands.machine import Machine
from controller.script.effects import (
    CallBack,
    CollectDigits,
    Effect,
    End,
    Play,
    Silence,
    TakeMessage,
    TellTime,
    Tone,
    Transfer,
    WaitForDigit,
)
from controller.script.outcomes import HungUp, Outcome, Reaction, TimeTold, TransferFailed, Transferred

LONGEST_TYPED = 40
PIN = "pin"
DIALLED = "dialled"
_AT_ONCE_SECONDS = 0.1
WITHHELD = "calleridwithheld"


@dataclass(frozen=True, slots=True)
class ScreenCaller(Command):
    """Go on where a filter of the caller leads; with the next command when none is about the caller.

    rules: the patterns of each filter (see `read_callers`), and the label where it leads.
    """

    name: ClassVar[str] = "CallerFilter"
    rules: tuple[tuple[tuple[str, ...], str], ...]

    def perform(self, machine: Machine) -> Effect | None:
        caller = Caller(
            machine.variable("callerid"),
            machine.variable("calleridname"),
            withheld=bool(machine.variable(WITHHELD)),
        )
        chosen = choose([patterns for patterns, _ in self.rules], caller)
        if chosen is not None:
            machine.jump(self.rules[chosen][1])
        return None

    def jumps(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(label for _, label in self.rules))


@dataclass(frozen=True, slots=True)
class CheckTime(Command):
    """Go on at one of two labels, by the time of the week in a zone."""

    name: ClassVar[str] = "TimeCondition"
    falls_through: ClassVar[bool] = False
    interruptible: ClassVar[bool] = False
    spans: tuple[Span, ...]
    zone: str
    match: str
    otherwise: str

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (all is known)
        return TellTime(self.zone)

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        if isinstance(outcome, HungUp):
            return None
        met = isinstance(outcome, TimeTold) and in_any(self.spans, outcome.weekday, outcome.minute)
        machine.jump(self.match if met else self.otherwise)
        return None

    def jumps(self) -> tuple[str, ...]:
        return self.match, self.otherwise


@dataclass(frozen=True, slots=True)
class BeginRounds(Command):
    """Begin to count anew how often a place asks, and how long the caller waits there."""

    name: ClassVar[str] = "Rounds"

    def perform(self, machine: Machine) -> Effect | None:
        machine.state.rounds = 0
        machine.state.waited = 0.0
        return None


@dataclass(frozen=True, slots=True)
class NextRound(Command):
    """Wait for so many seconds, and go back to the label; go on when the caller has waited for the longest time."""

    name: ClassVar[str] = "NextRound"
    label: str
    seconds: float
    longest_seconds: float

    def perform(self, machine: Machine) -> Effect | None:
        over = machine.state.waited + self.seconds >= self.longest_seconds
        return None if over else Play((Silence(self.seconds),))

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        target = machine.program.target(self.label)
        if not isinstance(outcome, HungUp) and target is not None:
            machine.state.position = target
        return None

    def lasts(self) -> tuple[float, float]:
        return 0.0, self.seconds

    def retries(self) -> tuple[str, int]:
        return self.label, math.ceil(self.longest_seconds / self.seconds)


@dataclass(frozen=True, slots=True)
class LeaveMessage(Command):
    """After a beep, take a message for a mailbox."""

    name: ClassVar[str] = "Message"
    mailbox: str
    maximum_seconds: float
    silence_seconds: float

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (all is known)
        return Play((Tone(),))

    def take_digit(self, machine: Machine, digit: str) -> Reaction:
        recording = isinstance(machine.state.pending, TakeMessage)
        return Reaction.STOP if digit == "#" and recording else Reaction.GO_ON

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        if isinstance(outcome, HungUp) or isinstance(machine.state.pending, TakeMessage):
            return None
        machine.state.recordings_made += 1
        return TakeMessage(self.mailbox, self.maximum_seconds, self.silence_seconds)

    def lasts(self) -> tuple[float, float]:
        return 0.0, self.maximum_seconds


@dataclass(frozen=True, slots=True)
class AskForCallBack(Command):
    """Have a number called in so many seconds, and a program run there. caller_id: empty for the number of ours."""

    name: ClassVar[str] = "CallBack"
    interruptible: ClassVar[bool] = False
    number: str
    caller_id: str
    program: str = field(repr=False)
    delay_seconds: float

    def perform(self, machine: Machine) -> Effect | None:
        return CallBack(self.number, self.caller_id or _our_number(machine), self.program, self.delay_seconds)


@dataclass(frozen=True, slots=True)
class AskPin(Command):
    """Take the digits of a PIN up to `#`, and go on at a label when they are right.

    When they are not, the label `again` asks once more, `most` times in all; then the next command follows.
    """

    name: ClassVar[str] = "Pin"
    takes_digits: ClassVar[bool] = True
    takes_secrets: ClassVar[bool] = True
    digest: str = field(repr=False)
    seconds: float
    right: str
    again: str
    most: int

    def perform(self, machine: Machine) -> Effect | None:
        return _begin_typing(machine, self.seconds, PIN)

    def take_digit(self, machine: Machine, digit: str) -> Reaction:
        return _type(machine, digit)

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        if isinstance(outcome, HungUp):
            return None
        state = machine.state
        if _is_begun(machine):
            return _collect(PIN, self.seconds)
        typed, state.collected = state.collected.removesuffix("#"), ""
        if is_pin(typed, self.digest):
            machine.jump(self.right)
            return None
        machine.error("The PIN was not right.")
        state.rounds += 1
        target = machine.program.target(self.again)
        if state.rounds < self.most and target is not None:
            state.position = target
        return None

    def lasts(self) -> tuple[float, float]:
        return 0.0, self.seconds * LONGEST_TYPED

    def jumps(self) -> tuple[str, ...]:
        return (self.right,)

    def retries(self) -> tuple[str, int]:
        return self.again, self.most

    def __str__(self) -> str:
        return f"{self.name}()"


@dataclass(frozen=True, slots=True)
class DialTyped(Command):
    """Take the digits of a phone number, and connect the caller with it, if the licence key may call it.

    It ends at `#`, or when no digit came for so long. What is no number is not called.
    """

    name: ClassVar[str] = "DialTyped"
    takes_digits: ClassVar[bool] = True
    ends: ClassVar[bool] = True
    response_timeout: float
    digit_timeout: float
    caller_id: str = ""

    def perform(self, machine: Machine) -> Effect | None:
        return _begin_typing(machine, self.response_timeout, DIALLED)

    def take_digit(self, machine: Machine, digit: str) -> Reaction:
        # What is pressed while the other party rings or talks is theirs.
        return Reaction.GO_ON if isinstance(machine.state.pending, Transfer) else _type(machine, digit)

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        if isinstance(outcome, HungUp):
            return None
        state = machine.state
        if isinstance(state.pending, Transfer):
            if isinstance(outcome, Transferred):
                return End("transferred")
            if isinstance(outcome, TransferFailed):
                machine.error(f"The call was not connected ({outcome.reason}).")
            return None
        if _is_begun(machine):
            return _collect(DIALLED, self.digit_timeout)
        typed, state.collected = state.collected.removesuffix("#"), ""
        number = try_number(typed)
        if number is None:
            machine.error("No phone number was dialled.")
            return None
        return Transfer(number, caller_id=self.caller_id or _our_number(machine))

    def lasts(self) -> tuple[float, float]:
        return 0.0, float("inf")


def _our_number(machine: Machine) -> str:
    """Our end of the call, in E.164: what was called, or what a call that was placed shows."""
    name = "phonenumber" if machine.state.incoming else "callerid"
    return try_number(machine.variable(name)) or ""


def _begin_typing(machine: Machine, seconds: float, what: str) -> Effect | None:
    """Take what was typed ahead, and wait so long for the first digit."""
    state = machine.state
    state.collected = ""
    while state.typed_ahead and not state.collected.endswith("#"):
        state.collected, state.typed_ahead = state.collected + state.typed_ahead[0], state.typed_ahead[1:]
    if state.collected.endswith("#"):
        return _collect(what, _AT_ONCE_SECONDS)
    return _collect(what, seconds) if state.collected else WaitForDigit(seconds)


def _is_begun(machine: Machine) -> bool:
    """Whether the first digit has come, and more may follow."""
    state = machine.state
    return isinstance(state.pending, WaitForDigit) and bool(state.collected) and not state.collected.endswith("#")


def _collect(what: str, seconds: float) -> CollectDigits:
    return CollectDigits(what, seconds, secret=what == PIN)


def _type(machine: Machine, digit: str) -> Reaction:
    state = machine.state
    state.collected = (state.collected + digit)[:LONGEST_TYPED]
    if digit == "#" or isinstance(state.pending, WaitForDigit):
        return Reaction.STOP
    return Reaction.RESTART_TIMER
