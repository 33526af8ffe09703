"""The flow graph: which step may follow which, whatever the caller does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from controller.script.command import dynamic
from controller.script.digits import AssignDTMF
from controller.script.program import Program

Edges = Sequence[Sequence[int]]


class FlowGraph:
    """The steps of a program as nodes, by position; after them the end of the call, a bound digit, and any label.

    Edges are what may happen, and more rather than less: a label made from a variable may be any label, and a digit
    that is bound anywhere may be pressed wherever time passes. Left out are the jumps that every script has of itself:
    that of 1 to `start`, and those of detections, which start a call over.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.end = len(program.steps)
        self.digit = self.end + 1
        self.any_label = self.end + 2
        bound = {
            place
            for step in program.steps
            if isinstance(step.command, AssignDTMF)
            for place in self.targets(step.command.label)
        }
        self.takes_time = [step.command.lasts()[1] > 0 for step in program.steps]
        self.edges: list[Sequence[int]] = [self._following(position, bool(bound)) for position in range(self.end)]
        self.edges.append(())
        self.edges.append(tuple(bound))
        self.edges.append((0, *program.labels.values()))

    @cached_property
    def reachable(self) -> list[bool]:
        """For each node, whether a call can get there."""
        roots = {0} | {self.target(name) for name in ("amd", "ring", "start") if name in self.program.labels}
        return reached(self.edges, roots)

    def target(self, label: str) -> int:
        """The step where a label leads; the first one for those of the frame."""
        return max(0, self.program.target(label) or 0)

    def targets(self, label: str) -> tuple[int, ...]:
        """The node where a label leads; none, if it does not exist."""
        if dynamic(label):
            return (self.any_label,)
        return () if self.program.target(label) is None else (self.target(label),)

    def loops(self, nodes: Iterable[int] | None = None) -> list[list[int]]:
        """The loops among these nodes (all that can be reached): each as the nodes that may repeat each other.

        Where a label that is made from a variable leads, nobody knows; what may lead there counts as left.
        """
        chosen = [node for node, there in enumerate(self.reachable) if there] if nodes is None else list(nodes)
        among = set(chosen) - {self.any_label}
        return [
            component
            for component in components(self.edges, [node for node in chosen if node in among], among)
            if len(component) > 1 or component[0] in self.edges[component[0]]
        ]

    def leaves(self, loop: Sequence[int]) -> bool:
        """Whether some way leads out of a loop."""
        within = set(loop)
        return any(following not in within for node in loop for following in self.edges[node])

    def _following(self, position: int, digits: bool) -> tuple[int, ...]:
        command = self.program.steps[position].command
        following: list[int] = []
        goes_on = command.falls_through
        for label in command.jumps():
            targets = self.targets(label)
            following.extend(targets)
            # A jump to a label that is not there is passed over.
            goes_on = goes_on or not targets or dynamic(label)
        if goes_on:
            following.append(position + 1)
        if command.ends:
            following.append(self.end)
        if digits and not command.conversation and (self.takes_time[position] or command.takes_digits):
            following.append(self.digit)
        return tuple(following)


def reached(edges: Edges, roots: Iterable[int]) -> list[bool]:
    """For each node, whether it can be reached from the roots."""
    seen = [False] * len(edges)
    waiting = [root for root in roots if root < len(edges)]
    while waiting:
        node = waiting.pop()
        if not seen[node]:
            seen[node] = True
            waiting.extend(edges[node])
    return seen


def components(edges: Edges, nodes: Sequence[int], among: set[int]) -> list[list[int]]:
    """The strongly connected components of the graph on `among`, each before those that lead to it.

    Tarjan's algorithm (SIAM Journal on Computing, 1972), without recursion: scripts may be long.
    """
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    done: set[int] = set()
    stack: list[int] = []
    found: list[list[int]] = []
    for root in nodes:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            node, following = work[-1]
            for other in following:
                if other not in among or other in done:
                    continue
                if other in index:
                    low[node] = min(low[node], index[other])
                    continue
                index[other] = low[other] = len(index)
                stack.append(other)
                work.append((other, iter(edges[other])))
                break
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component = [stack.pop()]
                    while component[-1] != node:
                        component.append(stack.pop())
                    done.update(component)
                    found.append(component)
    return found
