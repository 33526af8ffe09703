"""The table of all commands of the language, by their names in lower case; and what stands for those that are none."""

from __future__ import annotations

from dataclasses import dataclass

from controller.script import calls, data, digits, flow, speaking
from controller.script.command import Command
from controller.script.effects import Effect
from controller.script.machine import Machine

COMMANDS: dict[str, type[Command]] = {
    command.name.lower(): command
    for command in sorted(
        (*speaking.COMMANDS, *digits.COMMANDS, *flow.COMMANDS, *calls.COMMANDS, *data.COMMANDS),
        key=lambda command: command.name.lower(),
    )
}


@dataclass(frozen=True, slots=True)
class Mistake(Command):
    """A command that cannot be carried out: it is none, or an argument is missing. It is passed over, with an error."""

    text: str
    reason: str

    def perform(self, machine: Machine) -> Effect | None:
        machine.error(self.reason)
        return None

    def __str__(self) -> str:
        return self.text
