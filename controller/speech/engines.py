"""Which speech engines this machine has: found by looking, nothing is started."""

from __future__ import annotations

from collections.abc import Mapping

from controller.programs import ProgramTree
from controller.speech.command_template import CommandTemplate
from controller.speech.espeak import Espeak
from controller.speech.flite import Flite
from controller.speech.synthesizer import Synthesizer


def installed_engines(tools: ProgramTree, commands: Mapping[str, str]) -> list[Synthesizer]:
    """flite, espeak-ng and the engines of the configuration's `commands` (name to command line), as far as they are.

    The programs are those that `ringpost run` unpacked, else the system's. ConfigurationError for a command line that
    cannot work.
    """
    engines: list[Synthesizer] = []
    if command := tools.command_here("flite"):
        engines.append(Flite(command))
    if command := tools.command_here("espeak-ng"):
        engines.append(Espeak(command, tools.environment() if tools.root.exists() else None))
    return [*engines, *(CommandTemplate(name, template) for name, template in commands.items())]
