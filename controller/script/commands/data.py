"""Variables, and asking a server for a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from controller.script.commands.command import Command, argument
from controller.script.commands.kinds import NUMBER, READ_VARIABLE, SET_VARIABLE, TEXT, URL
from controller.script.commands.machine import Machine
from controller.script.effects import Effect, FetchUrl
from controller.script.outcomes import Fetched, Outcome
from controller.script.url_text import quoted

FETCH_SECONDS = 10.0
# So often a call asks as fast as servers answer; from then on each answer takes a second at least.
QUICK_QUERIES = 100
LEAST_QUERY_SECONDS = 1.0
_DIGITS = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class SetVar(Command):
    r"""Set a variable. Names are kept in lower case, values are cut at 500 characters.

    All variables arrive with the status post-backs of the call. Where `[name]` stands in an argument of any command,
    the variable's value is put in its place, also here.

    variable: its name.
    value: any text; may be empty.

    Example:
        ~\SetVar(attempt|1)~ ~\VariableToTTS(attempt)~
    """

    name: ClassVar[str] = "SetVar"
    only_sets: ClassVar[bool] = True
    variable: str = argument(SET_VARIABLE)
    value: str = argument(TEXT)

    def perform(self, machine: Machine) -> Effect | None:
        machine.set_variable(machine.text(self.variable), machine.text(self.value))
        return None


@dataclass(frozen=True, slots=True)
class IncreaseVariable(Command):
    r"""Add a number to a variable. A variable that holds no number counts as 0.

    variable: its name.
    number: what to add; may be negative, decimals are allowed.

    Example:
        ~\IncreaseVariable(count|1)~ ~\VariableToTTS(count)~
    """

    name: ClassVar[str] = "IncreaseVariable"
    only_sets: ClassVar[bool] = True
    variable: str = argument(SET_VARIABLE)
    number: str = argument(NUMBER)

    def perform(self, machine: Machine) -> Effect | None:
        name = machine.text(self.variable)
        number = machine.read(NUMBER, self.number, of=self)
        if number is not None:
            held = machine.variable(name).strip()
            total = number + (Decimal(held) if _DIGITS.fullmatch(held) else 0)
            machine.set_variable(name, f"{total:f}")
        return None


@dataclass(frozen=True, slots=True)
class GetVariableLength(Command):
    r"""Put the length of a variable's value, in characters, into another variable.

    variable: the one that is measured.
    result: gets the length; that of a variable that was never set is 0.

    Example:
        ~\GetDigits(zip)~ ~\GetVariableLength(zip|length)~ ~\GotoIf(length|5|ok)~ Too short. ~\Label(ok)~ Thank you.
    """

    name: ClassVar[str] = "GetVariableLength"
    only_sets: ClassVar[bool] = True
    variable: str = argument(READ_VARIABLE)
    result: str = argument(SET_VARIABLE)

    def perform(self, machine: Machine) -> Effect | None:
        length = len(machine.variable(machine.text(self.variable)))
        machine.set_variable(machine.text(self.result), str(length))
        return None


@dataclass(frozen=True, slots=True)
class QueryExternalServer(Command):
    r"""Ask a web server with HTTP GET, and put the body of its answer into a variable.

    The script waits for the answer, at most 10 seconds. White space around the body is taken off, and the body
    is cut at 500 characters. If there is no answer, or its status is not 2xx, the variable is empty, and the reason
    is in the call's trace. Redirects are not followed. From the 101st query of a call on, each takes a second at least,
    however fast the server is: so a script that asks in a loop burdens nobody.

    url: may hold variables as `[name]`; what may not stand in a URL is percent-encoded.
    variable: gets the body.

    Example:
        ~\QueryExternalServer(http://www.example.com/name?caller=[callerid]|name)~ Hello ~\VariableToTTS(name)~
    """

    name: ClassVar[str] = "QueryExternalServer"
    interruptible: ClassVar[bool] = False
    url: str = argument(URL)
    variable: str = argument(SET_VARIABLE)

    def perform(self, machine: Machine) -> Effect | None:
        variable = machine.text(self.variable).lower()
        url = machine.read(URL, self.url, of=self)
        if url is None:
            machine.set_variable(variable, "")
            return None
        machine.state.queries += 1
        return FetchUrl(quoted(url), variable, LEAST_QUERY_SECONDS if machine.state.queries > QUICK_QUERIES else 0.0)

    def finish(self, machine: Machine, outcome: Outcome) -> Effect | None:
        body = ""
        if isinstance(outcome, Fetched):
            if 200 <= outcome.status < 300:
                body = outcome.body.strip()
            else:
                machine.error(f"QueryExternalServer: the server answered with the status {outcome.status}.")
        machine.set_variable(machine.text(self.variable), body)
        return None

    def lasts(self) -> tuple[float, float]:
        return 0.0, FETCH_SECONDS


COMMANDS: tuple[type[Command], ...] = (GetVariableLength, IncreaseVariable, QueryExternalServer, SetVar)
