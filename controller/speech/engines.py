"""Which speech engines this machine has: found by looking, nothing is started."""

from __future__ import annotations

from collections.abc import Mapping

from controller.programs import ProgramTree
from controller.speech.command_template import CommandTemplate
from controller.speech.espeak import Espeak
from controller.speech.flite import Flite
from controller.speech.neural.environment import SpeechEnvironment
from controller.speech.synthesizer import Synthesizer

AUTO, PIPER = "auto", "piper"
# `make bench-speech`: of flite's American man (rms), a recogniser gets 11 % of the words wrong over a telephone, of the
# neural voice that packages have 36 %.
UNDERSTOOD_BETTER = {("en-us", "Male"): "flite"}


def installed_engines(
    tools: ProgramTree, commands: Mapping[str, str], neural: SpeechEnvironment | None = None, first: str = AUTO
) -> list[Synthesizer]:
    """piper, flite, espeak-ng and the engines of the configuration's `commands` (name to command line), as far as they
    are, in the order in which they are preferred.

    The programs are those that `ringpost run` unpacked, else the system's. first: the engine before all others; piper
    is used only for it, and for `auto`. ConfigurationError for a command line that cannot work.
    """
    engines: list[Synthesizer] = []
    if first in (AUTO, PIPER) and PIPER not in commands and neural is not None:
        piper = neural.engine()
        if piper is not None and piper.models:
            engines.append(piper)
    if command := tools.command_here("flite"):
        engines.append(Flite(command))
    if command := tools.command_here("espeak-ng"):
        engines.append(Espeak(command, tools.environment() if tools.root.exists() else None))
    engines += [CommandTemplate(name, template) for name, template in commands.items()]
    return sorted(engines, key=lambda engine: engine.name != first)
