"""Transfers of a script: to numbers that may not be called, and to numbers that somebody outside names.

Who calls can press any digits, and a queried server can answer anything: a TransferTo that dials them calls whomever
they choose, at the cost of the licence key (toll fraud).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from controller.numbers import try_number
from controller.script.commands.call_control import TransferTo
from controller.script.commands.command import Command, dynamic, signature
from controller.script.commands.data import QueryExternalServer
from controller.script.commands.digits import GetDigits
from controller.script.commands.kind import SUBSTITUTION
from controller.script.diagnostics import Diagnostic, Severity
from controller.script.program import Program, Step

NUMBER_REFUSED = "number-refused"
OPEN_TRANSFER = "open-transfer"
TRANSFER_CODES = frozenset({NUMBER_REFUSED, OPEN_TRANSFER})
# What the caller says of itself, and what it pressed.
_FROM_OUTSIDE = frozenset({"callerid", "calleridname", "digitsdialed"})
# Stands for every variable: a command that names the variable it sets by another one may set any.
_ANY = "*"


def transfer_doubts(
    program: Program, number_refused: Callable[[str], str | None] | None, *, open_transfers: bool | None
) -> Iterator[Diagnostic]:
    """What is wrong with the numbers that a script transfers calls to.

    number_refused: why a number (E.164, or digits as written) may not be called; None: not checked. open_transfers:
    whether a number may come from outside: False is an error, None a warning.
    """
    transfers = [(step, step.command) for step in program.steps if isinstance(step.command, TransferTo)]
    outside = named_from_outside(program) if open_transfers is not True and transfers else frozenset()
    for step, command in transfers:
        if not dynamic(command.number):
            # Short numbers, such as those of emergency services, have no E.164 form.
            reason = number_refused(try_number(command.number) or command.number) if number_refused else None
            if reason:
                message = f"Calls are not transferred to this number: {reason}."
                yield Diagnostic(step.line, step.column, "error", NUMBER_REFUSED, message)
        elif variable := _used(command.number, outside):
            severity: Severity = "warning" if open_transfers is None else "error"
            message = (
                f"The caller or a queried server chooses the number in {variable[:60]!r}, and so whom you pay to call; "
                "use a number of your own, or have `transfers: open` set for the licence key."
            )
            yield Diagnostic(step.line, step.column, severity, OPEN_TRANSFER, message)


def named_from_outside(program: Program) -> frozenset[str]:
    """The variables (lower case) that can hold what a caller or a queried server said, wherever they are set."""
    found = set(_FROM_OUTSIDE)
    grown = True
    while grown:
        grown = False
        for step in program.steps:
            new = _set_from_outside(step, found) - found
            found |= new
            grown = grown or bool(new)
    return frozenset(found)


def _set_from_outside(step: Step, outside: set[str]) -> set[str]:
    """The variables that a step fills with what comes from outside, or with what is made of that."""
    command = step.command
    parameters = signature(type(command))
    sets = {_variable(getattr(command, each.name)) for each in parameters if each.kind.role == "sets"}
    if not sets:
        return set()
    if isinstance(command, (GetDigits, QueryExternalServer)):
        return sets
    return sets if any(_reads(command, each.name, each.kind.role, outside) for each in parameters) else set()


def _reads(command: Command, name: str, role: str, outside: set[str]) -> bool:
    text = getattr(command, name)
    named = text.strip().lower() if role in ("reads", "either") else ""
    return bool(_used(text, outside)) or named in outside


def _variable(text: str) -> str:
    return _ANY if dynamic(text) else text.strip().lower()


def _used(text: str, outside: frozenset[str] | set[str]) -> str:
    """The first variable of a text that comes from outside; empty without one."""
    for match in SUBSTITUTION.finditer(text):
        if match.group(1).lower() in outside or _ANY in outside:
            return match.group(1)
    return ""
