"""Switches: what digits may do at each step of a script, and whether sounds may pause there, whatever led there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from controller.script.analysis.flow_graph import FlowGraph
from controller.script.commands.command import Command, Speaking, dynamic
from controller.script.commands.digits import ActOnDigitPress, AssignDTMF
from controller.script.commands.kinds import DIGIT, DIGITS, FLAG
from controller.script.commands.speech import SoundPausing
from controller.script.program import Program

# How many ways from step to step are followed; a script that needs more is made to be difficult.
MOST_WORK = 100_000


@dataclass(frozen=True, slots=True)
class Switches:
    """What may be set at a step: whether digits are acted on, or not, and whether sounds pause.

    labels: for each digit, the labels that it may be bound to, as bits (`SwitchFlow` numbers them).
    """

    may_act: bool = True
    may_not_act: bool = False
    may_pause: bool = False
    labels: Mapping[str, int] = field(default_factory=dict)

    def joined(self, other: Switches) -> Switches:
        """Of two ways that lead to the same step."""
        labels = dict(self.labels)
        for digit, bits in other.labels.items():
            labels[digit] = labels.get(digit, 0) | bits
        return Switches(
            self.may_act or other.may_act,
            self.may_not_act or other.may_not_act,
            self.may_pause or other.may_pause,
            labels,
        )


class SwitchFlow:
    """Follows the switches of a script along its flow graph.

    listening: for each node, whether a digit or a detection may come while it is under way; sounds that pause come on
    top. restarts: the nodes where detections lead.
    """

    def __init__(self, program: Program, graph: FlowGraph, listening: Sequence[bool], restarts: Sequence[int]) -> None:
        self._program = program
        self._graph = graph
        self._listening = listening
        self._restarts = restarts
        self._numbers: dict[str, int] = {}
        self._places: dict[int, tuple[int, ...]] = {0: ()}

    def found(self) -> list[Switches | None] | None:
        """The switches at each node, None where no call gets to; None in all when that takes too long to find out."""
        graph = self._graph
        found: list[Switches | None] = [None] * len(graph.edges)
        first = Switches(labels={"1": self._bit("start")})
        waiting = [(node, first) for node in (graph.target("start"), 0, graph.frame, *self._restarts)]
        work = 0
        while waiting:
            node, given = waiting.pop()
            before = found[node]
            now = given if before is None else before.joined(given)
            if now == before:
                continue
            found[node] = now
            onward = list(self.onward(node, now))
            work += 1 + len(onward)
            if work > MOST_WORK:
                return None
            waiting.extend(onward)
        return found

    def digit_jumps(self, node: int, now: Switches | None) -> tuple[int, ...]:
        """The nodes where a bound digit may lead from this one."""
        if now is None or not now.may_act or not self._listens(node, now):
            return ()
        bits = 0
        for each in now.labels.values():
            bits |= each
        return self._led_to(bits)

    def onward(self, node: int, now: Switches) -> Iterator[tuple[int, Switches]]:
        """Where a call may go on from a node, and with which switches."""
        graph = self._graph
        after = left = now
        if node < graph.end:
            after = self._after(now, self._program.steps[node].command)
        elif node == graph.frame:
            # Before the frame is left for a place within the script, its settings are made, up to that place.
            for step in self._program.steps[: self._program.settings]:
                after = self._after(after, step.command)
                left = left.joined(after)
            after = now
        for following in graph.edges[node]:
            if following != graph.digit:
                yield following, after
        if self._listens(node, now):
            for following in (*self.digit_jumps(node, now), *self._restarts):
                yield following, left

    def _listens(self, node: int, now: Switches) -> bool:
        if self._listening[node]:
            return True
        return now.may_pause and node < self._graph.end and isinstance(self._program.steps[node].command, Speaking)

    def _after(self, now: Switches, command: Command) -> Switches:
        bound = command.binds_only()
        if bound is not None:
            labels = {digit: self._bit(label) for digit, label in bound.items()}
            return Switches(labels=labels) if command.heeds_digits else replace(now, labels=labels)
        if isinstance(command, ActOnDigitPress):
            may_be = _may_be(command.act)
            return replace(now, may_act=True in may_be, may_not_act=False in may_be) if may_be else now
        if isinstance(command, SoundPausing):
            may_be = _may_be(command.pausing)
            return replace(now, may_pause=True in may_be) if may_be else now
        if isinstance(command, AssignDTMF):
            return self._assigned(now, command)
        return now

    def _assigned(self, now: Switches, command: AssignDTMF) -> Switches:
        bit, digit = self._bit(command.label), DIGIT.read(command.digit)
        labels = dict(now.labels)
        if digit is not None:
            labels[digit] = bit if not dynamic(command.label) else bit | labels.get(digit, 0)
        elif dynamic(command.digit):
            for each in DIGITS:
                labels[each] = labels.get(each, 0) | bit
        return replace(now, labels=labels)

    def _bit(self, label: str) -> int:
        return 1 << self._numbers.setdefault(label, len(self._numbers))

    def _led_to(self, bits: int) -> tuple[int, ...]:
        known = self._places.get(bits)
        if known is None:
            labels = (label for label, number in self._numbers.items() if bits >> number & 1)
            known = self._places[bits] = tuple({node for label in labels for node in self._graph.targets(label)})
        return known


def _may_be(flag: str) -> tuple[bool, ...]:
    """What a flag may turn out to be; nothing for one that is none, and changes nothing."""
    value = FLAG.read(flag)
    if value is not None:
        return (value,)
    return (True, False) if dynamic(flag) else ()
