"""Recording what the other side says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from controller.script.commands.command import Command, argument
from controller.script.commands.kinds import SECONDS, SET_VARIABLE, SOUND
from controller.script.commands.machine import Machine
from controller.script.commands.waits import unbounded
from controller.script.effects import Effect, Record
from controller.script.outcomes import Outcome, Reaction, Recorded

LONGEST_RECORDING = 3600.0


@dataclass(frozen=True, slots=True)
class _Recording(Command):
    """What both commands that record have in common."""

    def take_digit(self, machine: Machine, digit: str) -> Reaction:  # noqa: ARG002 (only `#` means something)
        return Reaction.STOP if digit == "#" else Reaction.GO_ON

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        if isinstance(outcome, Recorded):
            machine.set_variable("lastrecordlength", str(int(outcome.seconds + 0.5)))
        return None

    def record(self, machine: Machine, sound: str, maximum: str, silence: str) -> Record:
        """One more recording of the call; a maximum or a silence of 0 counts as the default."""
        machine.state.recordings_made += 1
        longest = machine.read(SECONDS, maximum, of=self) or 120.0
        quiet = machine.read(SECONDS, silence, of=self) or 5.0
        return Record(sound, min(longest, LONGEST_RECORDING), quiet)


@dataclass(frozen=True, slots=True)
class RecordAndSaveAs(_Recording):
    r"""Record what the other side says, and keep it as a sound: `~^id~` plays it, GetSoundFile fetches it.

    It ends at `#`, after the maximum, or after so much silence. A bound digit ends it too, and jumps; what was recorded
    is kept. The variable `lastrecordlength` gets its length in seconds.

    sound: the id; a sound that had it is replaced.
    maximum: how many seconds at most.
    silence: how many seconds of silence end it.

    Example:
        Say your name. ~\Beep()~ ~\RecordAndSaveAs(name|30)~ You said: ~^name~
    """

    name: ClassVar[str] = "RecordAndSaveAs"
    sound: str = argument(SOUND)
    maximum: str = argument(SECONDS, "120")
    silence: str = argument(SECONDS, "5")

    def perform(self, machine: Machine) -> Effect | None:
        sound = machine.read(SOUND, self.sound, of=self)
        return self.record(machine, sound, self.maximum, self.silence) if sound else None

    def lasts(self) -> tuple[float, float]:
        return 0.0, SECONDS.read(self.maximum) or LONGEST_RECORDING

    def doubts(self) -> Iterable[tuple[str, str]]:
        return unbounded(self.name, "records", self.maximum)


@dataclass(frozen=True, slots=True)
class RecordWithUniqueID(_Recording):
    r"""Record like RecordAndSaveAs, under a new id, which is put into a variable and so arrives in the post-back.

    variable: gets the id.
    maximum: how many seconds at most.
    silence: how many seconds of silence end it.

    Example:
        Say your name. ~\Beep()~ ~\RecordWithUniqueID(recording|30)~ You said: ~^[recording]~
    """

    name: ClassVar[str] = "RecordWithUniqueID"
    variable: str = argument(SET_VARIABLE, "recordid")
    maximum: str = argument(SECONDS, "120")
    silence: str = argument(SECONDS, "5")

    def perform(self, machine: Machine) -> Effect | None:
        sound = machine.new_key()
        machine.set_variable(machine.text(self.variable), sound)
        return self.record(machine, sound, self.maximum, self.silence)

    def lasts(self) -> tuple[float, float]:
        return 0.0, SECONDS.read(self.maximum) or LONGEST_RECORDING

    def doubts(self) -> Iterable[tuple[str, str]]:
        return unbounded(self.name, "records", self.maximum)


COMMANDS: tuple[type[Command], ...] = (RecordAndSaveAs, RecordWithUniqueID)
