"""The flow graph: which step may follow which, whatever the caller does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from controller.script.commands.command import dynamic
from controller.script.commands.digits import AssignDTMF
from controller.script.frame import RING
from controller.script.program import Program

Edges = Sequence[Sequence[int]]


class FlowGraph:
    """The steps of a program as nodes, by position; then the end of the call, a bound digit, any label, the frame.

    Edges are what may happen, and more rather than less: a label made from a variable may be any label, and a digit
    that is bound where a call may get to may be pressed wherever time passes. Left out are the jumps that every script
    has of itself: that of 1 to `start`, and those of detections, which start a call over (see `restarting`).
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.end = len(program.steps)
        self.digit = self.end + 1
        self.any_label = self.end + 2
        self.frame = self.end + 3
        self.takes_time = [step.command.lasts()[1] > 0 for step in program.steps]
        self._roots = {0} | {self.target(name) for name in ("amd", "ring", "start") if name in program.labels}
        binds = [position for position, step in enumerate(program.steps) if isinstance(step.command, AssignDTMF)]
        self.edges, self.reachable = self._connected(digits=bool(binds))
        if binds and not self.edges[self.digit]:  # no call gets to a binding
            self.edges, self.reachable = self._connected(digits=False)

    def _connected(self, *, digits: bool) -> tuple[list[Sequence[int]], list[bool]]:
        """The edges, and for each node whether a call can get there. `digits`: whether bound digits may be pressed."""
        bound: dict[int, None] = {}
        edges: list[Sequence[int]] = [self._following(position, digits) for position in range(self.end)]
        edges += [(), (), (0, *self.program.labels.values(), self.frame), (0,)]
        there, waiting = [False] * len(edges), [root for root in self._roots if root < self.end]
        while waiting:
            node = waiting.pop()
            if there[node]:
                continue
            there[node] = True
            waiting.extend(edges[node])
            command = self.program.steps[node].command if node < self.end else None
            if isinstance(command, AssignDTMF):
                places = self.targets(command.label)
                bound.update(dict.fromkeys(places))
                waiting.extend(places if there[self.digit] else ())
            elif node == self.digit:
                waiting.extend(bound)
        edges[self.digit] = tuple(bound)
        return edges, there

    @cached_property
    def restarting(self) -> Edges:
        """The edges, and those to the script's own labels `amd`, `ring` and `start` from wherever a call may be.

        Not those back to its first step: what is wrong there is wrong before the call starts again.
        """
        again = tuple(self._roots - {0})
        return [
            (*following, *again) if node < self.end and self._is_left(node) else following
            for node, following in enumerate(self.edges)
        ]

    def _is_left(self, position: int) -> bool:
        """Whether something that every script has of itself may lead away from this step, or before it."""
        command = self.program.steps[position].command
        return self.takes_time[position] or command.takes_digits or position < self.program.settings

    def target(self, label: str) -> int:
        """The node where a label leads; that of the frame for `ring`, and the first step for others of the frame."""
        position = self.program.target(label) or 0
        return self.frame if position == RING else max(0, position)

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
            for component in self._components(chosen, among)
            if len(component) > 1 or component[0] in self.edges[component[0]]
        ]

    def leaves(self, loop: Sequence[int]) -> bool:
        """Whether some way leads out of a loop."""
        within = set(loop)
        return any(following not in within for node in loop for following in self.edges[node])

    def _components(self, nodes: Iterable[int], among: set[int]) -> list[list[int]]:
        # Without an edge that leads back there is no loop to look for.
        if not any(following <= node and following in among for node in among for following in self.edges[node]):
            return []
        return components(self.edges, [node for node in nodes if node in among], among)

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
    index, low = [0] * len(edges), [0] * len(edges)  # 0: not seen yet
    count = 0
    done: set[int] = set()
    stack: list[int] = []
    found: list[list[int]] = []
    for root in nodes:
        if index[root]:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = count = count + 1
        stack.append(root)
        while work:
            node, following = work[-1]
            for other in following:
                if other not in among or other in done:
                    continue
                if not index[other]:
                    index[other] = low[other] = count = count + 1
                    stack.append(other)
                    work.append((other, iter(edges[other])))
                    break
                if index[other] < low[node]:
                    low[node] = index[other]
            else:
                work.pop()
                if work and low[node] < low[work[-1][0]]:
                    low[work[-1][0]] = low[node]
                if low[node] == index[node]:
                    component = [stack.pop()]
                    while component[-1] != node:
                        component.append(stack.pop())
                    done.update(component)
                    found.append(component)
    return found
