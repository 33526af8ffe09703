"""The table of all commands of the language, by their names in lower case; and what stands for those that are none."""

from __future__ import annotations

from dataclasses import dataclass

from controller.script.commands import call_control, data, digits, flow, recording, speech
from controller.script.commands.command import Command
from controller.script.commands.machine import Machine
from controller.script.effects import Effect

_FAMILIES = (speech, digits, flow, call_control, recording, data)

COMMANDS: dict[str, type[Command]] = {
    command.name.lower(): command
    for command in sorted(
        (
            *speech.COMMANDS,
            *digits.COMMANDS,
            *flow.COMMANDS,
            *call_control.COMMANDS,
            *recording.COMMANDS,
            *data.COMMANDS,
        ),
        key=lambda command: command.name.lower(),
    )
}


@dataclass(frozen=True, slots=True)
class BrokenCommand(Command):
    """A command that cannot be carried out: it is none, or an argument is missing. It is passed over, with an error."""

    text: str
    reason: str

    def perform(self, machine: Machine) -> Effect | None:
        machine.error(self.reason)
        return None

    def __str__(self) -> str:
        return self.text
