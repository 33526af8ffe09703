"""The loops of menus: those that nothing but a hang-up ends, and those that queue texts while nobody presses a key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from controller.ivr.menu import Choose, EnterMenu
from controller.script.analysis.flow_graph import FlowGraph, components
from controller.script.program import Program

WITHOUT_EXIT = "nothing but a hang-up ends the loop that begins here"
WITHOUT_END_OF_TEXTS = "texts are queued without end as long as the caller presses nothing"


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is doubtful in a program, and the IVR at which the loop is entered."""

    ivr: str
    message: str


def menus_of(program: Program) -> tuple[str, ...]:
    """The names of the IVRs that callers can come to in a compiled program."""
    return tuple(step.command.ivr for step in program.steps if isinstance(step.command, EnterMenu))


def doubtful_loops(program: Program) -> Iterator[Doubt]:
    """The doubtful loops of a compiled program, each at the first of its IVRs. Loops within a script are the script's.

    Within the second kind are also IVRs that go on to others by themselves: what counts is that nobody asks for it.
    """
    graph = FlowGraph(program)
    for loop in graph.loops():
        if not graph.leaves(loop):
            yield from _at_its_menu(program, loop, WITHOUT_EXIT)
    edges = [_unattended(program, graph, node) for node in range(len(graph.edges))]
    nodes = [node for node, there in enumerate(graph.reachable) if there and node < graph.end]
    for loop in components(edges, nodes, set(nodes)):
        if len(loop) > 1 and any(program.steps[node].command.sends for node in loop):
            yield from _at_its_menu(program, loop, WITHOUT_END_OF_TEXTS)


def _unattended(program: Program, graph: FlowGraph, node: int) -> Sequence[int]:
    """What may follow a step while the caller presses nothing."""
    command = program.steps[node].command if node < graph.end else None
    return graph.targets(command.no_input) if isinstance(command, Choose) else graph.edges[node]


def _at_its_menu(program: Program, loop: Sequence[int], message: str) -> Iterator[Doubt]:
    for node in sorted(loop):
        command = program.steps[node].command if node < len(program.steps) else None
        if isinstance(command, EnterMenu):
            yield Doubt(command.ivr, message)
            return
