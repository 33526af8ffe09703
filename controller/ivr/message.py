"""A message: a sound that is played to whoever answers a call, and what counts as its delivery.

A message is delivered when it was played to its end, or for so many seconds before the hang-up; to a human, to a
machine after its greeting, or to somebody of whom neither is known. It is not when its sound did not go out, nor to a
fax. Which of it holds is said by variables of the call, which stand in its trace and arrive with its post-backs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

from controller.errors import StateInvalid
from controller.script.commands.command import Command
from controller.script.commands.flow import Label
from controller.script.commands.machine import Machine
from controller.script.effects import Effect, End, Play, Sound
from controller.script.outcomes import Failed, Finished, HungUp, Outcome
from controller.script.program import Program

# A script cannot begin so by accident; see `compiled`.
MESSAGE_HEADER = "#!ringpost-message 1\n"

DELIVERED = "delivered"
DELIVERED_TO = "deliveredto"
NOT_DELIVERED = "notdelivered"
TO_END = "to-end"
LONG_ENOUGH = "long-enough"

_PARTIES = {"HUMAN": "human", "MACHINE": "machine"}


@dataclass(frozen=True, slots=True)
class PlayMessage(Command):
    """Play the message, and note whether it was delivered."""

    name: ClassVar[str] = "Message"
    sound_id: str
    least_seconds: float

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (all is known)
        return Play((Sound(self.sound_id),), confirm_after=self.least_seconds)

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        fax = machine.state.machine_detection == "FAX"
        match outcome:
            case Finished() if machine.state.stopping:
                pass  # by a key, or because a machine was recognised: it is played once more
            case Finished(missing="") if not fax:
                _note_delivery(machine, TO_END)
            case HungUp() if outcome.heard_seconds >= self.least_seconds and not fax:
                _note_delivery(machine, LONG_ENOUGH)
            case HungUp():
                machine.set_variable(NOT_DELIVERED, "hung up too early")
            case Finished() if fax:
                machine.set_variable(NOT_DELIVERED, "a fax answered")
            case Finished():
                machine.set_variable(NOT_DELIVERED, outcome.missing)
            case Failed():
                machine.set_variable(NOT_DELIVERED, outcome.reason)
            case _:
                pass
        return None

    def lasts(self) -> tuple[float, float]:
        return 0.0, float("inf")

    def __str__(self) -> str:
        return f"Message({self.sound_id}|{self.least_seconds:g})"


@dataclass(frozen=True, slots=True)
class LeaveFax(Command):
    """End the call when a fax has answered: nobody hears a message there."""

    name: ClassVar[str] = "LeaveFax"
    ends: ClassVar[bool] = True

    def perform(self, machine: Machine) -> Effect | None:
        if machine.state.machine_detection != "FAX":
            return None
        machine.set_variable(NOT_DELIVERED, "a fax answered")
        return End("end-of-script")

    def __str__(self) -> str:
        return "LeaveFax()"


@dataclass(frozen=True, slots=True)
class EndMessage(Command):
    """End the call: the message was played."""

    name: ClassVar[str] = "EndMessage"
    falls_through: ClassVar[bool] = False
    ends: ClassVar[bool] = True

    def perform(self, machine: Machine) -> Effect | None:  # noqa: ARG002 (all is known)
        return End("end-of-script")

    def __str__(self) -> str:
        return "EndMessage()"


def _note_delivery(machine: Machine, how: str) -> None:
    machine.set_variable(DELIVERED, how)
    machine.set_variable(DELIVERED_TO, _PARTIES.get(machine.state.machine_detection, "unknown"))


def compile_message(sound_id: str, least_seconds: float) -> Program:
    """The program that plays a sound of the licence key once.

    least_seconds: a hang-up after so many seconds of it counts as delivered. The frame of outgoing calls waits until
    who answered is silent. A machine that is recognised later hears the message from its beginning, when its greeting
    is over: the engine waits for that before it goes on at `amd`.
    """
    document = json.dumps({"least_seconds": least_seconds, "sound": sound_id}, ensure_ascii=False, sort_keys=True)
    play = PlayMessage(sound_id, least_seconds)
    steps = (play, EndMessage(), Label("amd"), LeaveFax(), play)
    return Program.of(steps, source=MESSAGE_HEADER + document)


def read_message(source: str) -> Program:
    """The program of a text that `compile_message` wrote. StateInvalid for one that is damaged."""
    try:
        document = json.loads(source.removeprefix(MESSAGE_HEADER))
        return compile_message(str(document["sound"]), float(document["least_seconds"]))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise StateInvalid("The stored program of this message cannot be read back.") from error
