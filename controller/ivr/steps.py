"""The commands of sequences and of the other places where a menu leads. No script can write them.

The steps of sequences know their `place`, such as "open-gate step 1", by which a failure is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from controller.script.commands.command import Command
from controller.script.commands.machine import Machine
from controller.script.commands.speech import PlaySound
from controller.script.effects import Echo, Effect, End, JoinConference, SendDigits, SendText, Transfer
from controller.script.outcomes import Failed, Outcome, TransferFailed, Transferred

STEP_FAILED = "sequenceerror"


@dataclass(frozen=True, slots=True)
class BeginStep(Command):
    """Mark where a step of a sequence begins, so that its sound is not played as one with that of another step."""

    name: ClassVar[str] = "Step"
    number: int

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (a mark)
        return None

    def __str__(self) -> str:
        return f"Step({self.number})"


def _note_failure(machine: Machine, place: str, outcome: Outcome) -> None:
    """Failed steps stay in a variable too, each once, and so arrive with the call's post-backs."""
    if isinstance(outcome, Failed):
        before, failure = machine.variable(STEP_FAILED), f"{place}: {outcome.reason}"
        if failure not in before:
            machine.set_variable(STEP_FAILED, f"{before}; {failure}" if before else failure)


@dataclass(frozen=True, slots=True)
class SendTones(Command):
    """Send DTMF that the caller's device hears, in tones and gaps of so many milliseconds."""

    name: ClassVar[str] = "DTMF"
    interruptible: ClassVar[bool] = False
    place: str
    digits: str
    tone_ms: int
    gap_ms: int

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (all is known)
        return SendDigits(self.digits, self.tone_ms, self.gap_ms)

    def lasts(self) -> tuple[float, float]:
        seconds = sum(0.5 if digit == "w" else (self.tone_ms + self.gap_ms) / 1000 for digit in self.digits)
        return seconds, seconds

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        _note_failure(machine, self.place, outcome)
        return None


@dataclass(frozen=True, slots=True)
class PlayStep(PlaySound):
    """Play a sound of the licence key as a step of a sequence."""

    name: ClassVar[str] = "Recording"
    place: str = ""

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        _note_failure(machine, self.place, outcome)
        return None


@dataclass(frozen=True, slots=True)
class QueueText(Command):
    """Queue a text message from one of our numbers to another number."""

    name: ClassVar[str] = "SMS"
    interruptible: ClassVar[bool] = False
    sends: ClassVar[int] = 1
    place: str
    sender: str
    recipient: str
    body: str

    def perform(self, machine: Machine) -> Effect | None:
        machine.state.texts_sent += 1
        return SendText(self.sender, self.recipient, self.body)

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        _note_failure(machine, self.place, outcome)
        return None


@dataclass(frozen=True, slots=True)
class Onward:
    """The labels where a call goes on when nobody was reached; without one it goes on with the next command."""

    busy: str = ""
    unreachable: str = ""
    noanswer: str = ""

    def label(self, failure: TransferFailed) -> str:
        """Where it goes on after this failure."""
        if failure.reason == "busy":
            return self.busy
        return self.noanswer if failure.reason == "noanswer" and not failure.unreachable else self.unreachable

    def labels(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys(label for label in (self.busy, self.unreachable, self.noanswer) if label))


@dataclass(frozen=True, slots=True)
class Forward(Command):
    """Connect the caller with a number (E.164) or a phone (`sip:NAME`); when that fails, go on.

    The fields are those of the effect `Transfer`. onward: where to go on.
    """

    name: ClassVar[str] = "Forward"
    conversation: ClassVar[bool] = True
    ends: ClassVar[bool] = True
    target: str
    caller_id: str = ""
    ring_seconds: float = 30.0
    others: tuple[str, ...] = ()
    digits: str = ""
    digits_after: float = 0.0
    music: str = ""
    onward: Onward = Onward()

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (all is known)
        return Transfer(
            self.target,
            caller_id=self.caller_id,
            ring_seconds=self.ring_seconds,
            others=self.others,
            digits=self.digits,
            digits_after=self.digits_after,
            music=self.music,
        )

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        if isinstance(outcome, TransferFailed):
            machine.error(f"The call was not forwarded ({outcome.reason}).")
            if label := self.onward.label(outcome):
                machine.jump(label)
        return End("transferred") if isinstance(outcome, Transferred) else None

    def lasts(self) -> tuple[float, float]:
        return 0.0, float("inf")

    def jumps(self) -> tuple[str, ...]:
        return self.onward.labels()


@dataclass(frozen=True, slots=True)
class JoinRoom(Command):
    """Put the caller into the conference room of this key."""

    name: ClassVar[str] = "Conference"
    conversation: ClassVar[bool] = True
    key: str

    def perform(self, machine: Machine) -> Effect | None:
        machine.set_variable("confkey", self.key)
        return JoinConference(self.key)

    def lasts(self) -> tuple[float, float]:
        return 0.0, float("inf")


@dataclass(frozen=True, slots=True)
class EchoBack(Command):
    """Let the caller hear what the caller says, until the hang-up."""

    name: ClassVar[str] = "Echo"
    conversation: ClassVar[bool] = True

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (all is known)
        return Echo()

    def lasts(self) -> tuple[float, float]:
        return 0.0, float("inf")


@dataclass(frozen=True, slots=True)
class HangUp(Command):
    """End the call for a reason, with a Q.850 cause."""

    name: ClassVar[str] = "HangUp"
    falls_through: ClassVar[bool] = False
    ends: ClassVar[bool] = True
    reason: str
    cause: int = 16

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (all is known)
        return End(self.reason, self.cause)
