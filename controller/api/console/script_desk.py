"""What is told of a script beside the editor: its mistakes by line, its bounds, its flow; and a call that runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from controller.api.console.flow_picture import FlowPicture, flow_picture
from controller.directory.current import CurrentDirectory
from controller.directory.script_examination import Examined, examine
from controller.errors import RingpostError
from controller.numbers import is_e164, national_digits
from controller.script.analysis.bounds import Bounds, bounds
from controller.script.analysis.checker import Context
from controller.script.simulation.callee import TransferResult
from controller.script.simulation.simulator import Simulation
from controller.script.simulation.situation import CALLER, ScriptedKeypad, Situation, read_keys
from controller.script.state import State
from controller.script.transcript import particulars
from controller.speech.heard_text import spoken
from controller.speech.house_sounds import HOUSE_SECONDS

# Checking and simulating take the time of a core, which calls need.
AT_ONCE = 2
LONGEST = 100_000
MOST_LINES = 1000
_CALLER, _CALLED = "+12015550199", "+12015550101"


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found. marks: the lines with mistakes: number, text, and the worst severity there."""

    examined: Examined
    proven: Bounds | None
    picture: FlowPicture | None
    marks: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """A simulated call: (seconds since the answer, event, what it is about); cut: whether there were more lines."""

    lines: tuple[tuple[float, str, str], ...]
    regular: bool
    cut: bool


class ScriptDesk:
    """Checks and simulates scripts. sounds_of: the ids of a key's sounds; context: what else scripts are checked by."""

    def __init__(
        self,
        directory: CurrentDirectory,
        context: Context,
        sounds_of: Callable[[str], Awaitable[Sequence[str]]],
    ) -> None:
        self._directory = directory
        self._context = context
        self._sounds_of = sounds_of
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def look(self, source: str, license_key: str) -> Findings:
        """Everything that is told of a script of a key (by its name in the store). StoreError."""
        destinations = self._directory.snapshot.destinations(license_key)
        context = replace(
            self._context,
            sounds=await self._sounds_of(license_key),
            number_refused=destinations.refusal,
            open_transfers=destinations.open_transfers,
        )
        async with self._turns:
            return await asyncio.to_thread(_look, source, context)

    async def simulate(
        self, source: str, keys: str, variables: Mapping[str, str], transfer: TransferResult
    ) -> Transcript:
        """A call that comes in and presses these keys. RingpostError for what is no key."""
        try:
            keypad = ScriptedKeypad(read_keys(keys))
        except ValueError as error:
            raise RingpostError(str(error)) from None
        async with self._turns:
            return await asyncio.to_thread(_simulate, source, keypad, variables, transfer)


def _look(source: str, context: Context) -> Findings:
    examined = examine(source, context)
    text = source.splitlines()
    worst: dict[int, str] = {}
    for each in examined.diagnostics:
        worst[each.line] = "error" if "error" in (each.severity, worst.get(each.line)) else "warning"
    marks = tuple((line, text[line - 1] if 0 < line <= len(text) else "", worst[line]) for line in sorted(worst))
    if not examined.program.ok:
        return Findings(examined, None, None, marks)
    return Findings(examined, bounds(examined.program), flow_picture(examined.program), marks)


def _simulate(
    source: str, keypad: ScriptedKeypad, variables: Mapping[str, str], transfer: TransferResult
) -> Transcript:
    program = examine(source).program
    state = State.for_incoming(
        phonenumber=_digits(_CALLED), callerid=_digits(_CALLER), key_seed="simulation", variables=variables
    )
    situation = Situation(other_end=CALLER, transfer=transfer, spoken=spoken, house_sounds=HOUSE_SECONDS)
    simulation = Simulation(program, state, situation, keypad)
    lines = [(line.t, line.event, particulars(line)) for line in islice(simulation.run(), MOST_LINES + 1)]
    cut = len(lines) > MOST_LINES
    return Transcript(tuple(lines[:MOST_LINES]), simulation.regular and not cut, cut)


def _digits(number: str) -> str:
    return national_digits(number) if is_e164(number) else number
