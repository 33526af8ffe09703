"""Variables that a script reads where nothing can have set them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from controller.script.analysis.flow_graph import FlowGraph, components
from controller.script.commands.command import Command, dynamic, signature
from controller.script.commands.kind import SUBSTITUTION
from controller.script.commands.kinds import VALUE
from controller.script.commands.speech import PlaySound
from controller.script.program import Program, Step


def unset_variables(program: Program, graph: FlowGraph, known: Collection[str]) -> Iterator[tuple[Step, str, str]]:
    """The steps that read a variable which nothing can have set by then, each with a code and a sentence.

    known: the variables that the call has of itself. Nothing is said of a script that makes names of variables.
    """
    numbers: dict[str, int] = {}
    sets: dict[int, int] = {}
    read: list[tuple[int, str, bool]] = []
    for position, step in enumerate(program.steps):
        for name, role in _named_by(step.command):
            if role == "sets":
                if not name:
                    return
                sets[position] = sets.get(position, 0) | 1 << numbers.setdefault(name, len(numbers))
            elif name not in known and graph.reachable[position]:
                read.append((position, name, role == "reads"))
    # What may be a text is the name of a variable if there is one of that name.
    reads = [(position, name) for position, name, surely in read if surely or name in numbers]
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


def _named_by(command: Command) -> Iterator[tuple[str, str]]:
    """The variables that a command names, each with what it does: "sets" (no name: one that a variable names), "reads",
    or "either" where it may be a text as well.
    """
    if isinstance(command, PlaySound):
        yield from _put_into(command.sound_id)
    for parameter in signature(type(command)):
        text, role = getattr(command, parameter.name), parameter.kind.role
        if dynamic(text):
            yield from _put_into(text)
            if role == "sets":
                yield "", role
        elif text and role == "either" and parameter.kind is not VALUE:
            # What can be read as an amount is one, and nothing else is.
            if parameter.kind.read(text) is None:
                yield text.strip().lower(), "reads"
        elif text and role in ("sets", "reads", "either"):
            yield text.strip().lower(), role


def _put_into(text: str) -> Iterator[tuple[str, str]]:
    for match in SUBSTITUTION.finditer(text):
        yield match.group(1).lower(), "reads"
