"""The table of cases, in the simulator; the same table is driven through live calls elsewhere."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from controller.config_file.document import parse_document
from controller.directory.menus import Menus
from controller.ivr.compiled import compile_ivr, compile_source
from controller.script.commands.table import COMMANDS
from controller.script.parser import parse
from controller.script.program import Program
from controller.script.simulation.simulator import Simulation
from controller.script.simulation.situation import ANSWERERS, CALLER, Press, ScriptedKeypad, Situation
from controller.script.state import State
from controller.script.transcript import EVENTS, FIELDS, TranscriptLine
from controller.speech.heard_text import spoken
from controller.speech.house_sounds import HOUSE_SECONDS
from tests.support.script_cases import CASES, IVR_SCRIPTS, IVRS, PAGES, SCRIPT_CASES, ScriptCase, misfit

SERVER = "http://customer.example.com"


def ivr_program(name: str) -> Program:
    """The program of an IVR of the table, as it is stored and compiled again."""
    document = parse_document(f"{IVRS}\nphones: {{alice: {{number: '+12015550110'}}}}")
    cache = ShelfOfTexts()
    menus = Menus(document, cache, {"alice"})  # type: ignore[arg-type]
    menus.read()
    assert not document.has_errors, document.mistakes
    return compile_source(compile_ivr(name, menus.ivrs, menus.sequences, IVR_SCRIPTS).source)


class ShelfOfTexts:
    """Scripts that need no file."""

    def take(self, name: str, position: object) -> None:
        assert name in IVR_SCRIPTS


def simulate(case: ScriptCase) -> list[TranscriptLine]:
    program = parse(case.script.replace("{server}", SERVER)) if case.script else ivr_program(case.ivr)
    assert program.ok, program.diagnostics
    numbers: dict[str, Any] = {"phonenumber": "2015550101", "callerid": "2015550199", "key_seed": case.name}
    state = State.for_incoming(**numbers)
    if case.outgoing:
        state = State.for_outgoing(**numbers, transfer_number=case.transfer_number)
    situation = Situation(
        other_end=ANSWERERS[case.answered_by] if case.outgoing else CALLER,
        transfer=case.transfer,
        pages={SERVER + path: body for path, body in PAGES.items()},
        hang_up_at=inf if case.hang_up_at is None else case.hang_up_at,
        spoken=spoken,
        house_sounds=HOUSE_SECONDS,
    )
    presses = [Press(at, digit) for at, digit in case.presses]
    return list(Simulation(program, state, situation, ScriptedKeypad((), presses)).run())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_happens_in_the_simulator_is_what_the_table_says(case: ScriptCase) -> None:
    lines = simulate(case)
    assert not misfit(case.expect, lines, SERVER)
    assert all(set(line.fields) == set(FIELDS[line.event]) for line in lines)
    assert [line.t for line in lines] == sorted(line.t for line in lines)


def test_every_command_of_the_language_has_a_case() -> None:
    used = {step.command.name for case in SCRIPT_CASES for step in parse(case.script).steps}
    assert {command.name for command in COMMANDS.values()} <= used


def test_every_event_occurs_in_the_table() -> None:
    # No script can bring about those of routings: see test_routing_translation.
    assert {event for case in CASES for event, _ in case.expect} == EVENTS - {"time", "message", "call_back"}
