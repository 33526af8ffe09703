"""Variables that a script reads where nothing can have set them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from controller.script.command import Command, dynamic
from controller.script.data import IncreaseVariable
from controller.script.flowgraph import FlowGraph, components
from controller.script.kind import SUBSTITUTION
from controller.script.program import Program, Step
from controller.script.speaking import AMOUNT, PlayAmount, PlaySound


def unset_variables(program: Program, graph: FlowGraph, known: Collection[str]) -> Iterator[tuple[Step, str, str]]:
    """The steps that read a variable which nothing can have set by then, each with a code and a sentence.

    known: the variables that the call has of itself. Nothing is said of a script that makes names of variables.
    """
    numbers: dict[str, int] = {}
    sets: dict[int, int] = {}
    for position, step in enumerate(program.steps):
        given = step.command.given("sets")
        if any(map(dynamic, given)):
            return
        for name in step.command.named("sets") if given else ():
            sets[position] = sets.get(position, 0) | 1 << numbers.setdefault(name, len(numbers))
    reads = [
        (position, name)
        for position, step in enumerate(program.steps)
        if graph.reachable[position]
        for name in _read_by(step.command, numbers)
        if name not in known
    ]
    may_be_set = _may_be_set(graph, sets) if any(name in numbers for _, name in reads) else {}
    for position, name in reads:
        if name not in numbers:
            message = f"The variable {name[:60]!r} is read, and nothing sets it."
            yield program.steps[position], "variable-never-set", message
        elif not may_be_set.get(position, 0) >> numbers[name] & 1:
            message = f"The variable {name[:60]!r} is read before anything can have set it."
            yield program.steps[position], "variable-not-set-yet", message


def _may_be_set(graph: FlowGraph, sets: Mapping[int, int]) -> dict[int, int]:
    """For each node, as bits, the variables that some way from the beginning has set before it."""
    edges = graph.restarting
    nodes = [node for node, there in enumerate(graph.reachable) if there]
    before: dict[int, int] = {}
    # Each component comes before those that lead to it, so that backwards everything that leads to one is done.
    for component in reversed(components(edges, nodes, set(nodes))):
        within = 0
        for node in component:
            within |= before.get(node, 0)
        if len(component) > 1 or component[0] in edges[component[0]]:
            for node in component:
                within |= sets.get(node, 0)
        for node in component:
            before[node] = within
        for node in component:
            after = within | sets.get(node, 0)
            for following in edges[node]:
                before[following] = before.get(following, 0) | after
    return before


def _read_by(command: Command, ever_set: Collection[str]) -> Iterator[str]:
    if not isinstance(command, IncreaseVariable):
        yield from command.named("reads")
    for text in command.named("either"):
        if AMOUNT.read(text) is None if isinstance(command, PlayAmount) else text in ever_set:
            yield text
    texts = (command.sound_id,) if isinstance(command, PlaySound) else command.given()
    for text in texts:
        if "[" in text:
            for match in SUBSTITUTION.finditer(text):
                yield match.group(1).lower()
