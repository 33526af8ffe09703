"""The examination of every script, whoever brings it: parsed, and checked for where it will run."""

from __future__ import annotations

from dataclasses import dataclass

from controller.ivr.compiled import is_compiled_source
from controller.script.analysis.checker import NOWHERE, Context, check
from controller.script.diagnostics import Diagnostic, has_errors
from controller.script.parser import parse
from controller.script.program import Program

_NO_SCRIPT = Diagnostic(1, 1, "error", "ivr-source", "This is the inside of an IVR, not a call script.")


@dataclass(frozen=True, slots=True)
class Examined:
    """A script's program, and everything that is wrong or doubtful in it, in its order."""

    program: Program
    diagnostics: tuple[Diagnostic, ...]

    @property
    def accepted(self) -> bool:
        """Whether the script may run; there may be warnings."""
        return not has_errors(self.diagnostics)


def examine(source: str, context: Context = NOWHERE) -> Examined:
    """Read a script and check it for where it shall run. Never raises; refused is what has an error."""
    if is_compiled_source(source):
        # A stored program that begins so is compiled as an IVR, past all that is checked here.
        return Examined(Program.of(()), (_NO_SCRIPT,))
    program = parse(source)
    return Examined(program, check(program, context))
