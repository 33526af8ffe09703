"""Coverage: which labels and branches of a script its cases reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from controller.script.commands.flow import GotoIf, Label
from controller.script.program import Program


@dataclass(slots=True)
class Coverage:
    """Which steps of a program its cases have reached, and whether they jumped there."""

    name: str
    program: Program
    reached: set[tuple[int, bool]] = field(default_factory=set)

    def parts(self) -> Iterator[tuple[str, bool]]:
        """Each label, and each branch of a GotoIf, and whether it was reached."""
        performed = {position for position, _ in self.reached}
        for position, step in enumerate(self.program.steps):
            command = step.command
            if isinstance(command, Label):
                yield f"label {command.label.rpartition('~')[2]}{_place(step.line)}", position in performed
            elif isinstance(command, GotoIf):
                shown_command = str(command)
                yield f"{shown_command} taken{_place(step.line)}", (position, True) in self.reached
                yield f"{shown_command} not taken{_place(step.line)}", (position, False) in self.reached

    def summary(self) -> str:
        """The figure, and what was not reached."""
        parts = list(self.parts())
        missed = [name for name, reached in parts if not reached]
        labels = [reached for name, reached in parts if name.startswith("label ")]
        branches = [reached for name, reached in parts if not name.startswith("label ")]
        percent = 100 if not parts else (len(parts) - len(missed)) * 100 // len(parts)
        text = (
            f"{self.name}: {percent} % ({sum(labels)} of {len(labels)} labels, "
            f"{sum(branches)} of {len(branches)} branches)"
        )
        return text + (f"; not reached: {', '.join(missed)}" if missed else "")


def _place(line: int) -> str:
    return f" (line {line})" if line else ""
