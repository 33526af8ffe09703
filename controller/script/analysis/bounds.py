"""Bounds: how long a run of a script can last, and how many texts it can send, proven from its text alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf, isfinite

from controller.script.analysis.flow_graph import FlowGraph, components, reached
from controller.script.analysis.switches import Switches, SwitchFlow
from controller.script.commands.command import Command, Speaking, dynamic
from controller.script.commands.kinds import SOUND
from controller.script.commands.recording import RecordAndSaveAs
from controller.script.commands.speech import PlaySound, PlaySpecialSoundFile, Say, speech_seconds
from controller.script.engine import MOST_TIMELESS_STEPS, STEPS_A_SECOND
from controller.script.frame import GREETING_SECONDS
from controller.script.program import Program

MOST_STEPS = 2000  # of longer scripts nothing is proven


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is proven of every run in which the other side does not hang up: None where nothing is.

    shortest, longest: seconds; shortest is None when the script never ends by itself. most_texts: how many it sends.
    Not counted: the time that rendering, dialling and servers take beyond their limits, what cannot be carried out, a
    transfer by the digit 0, and pauses that speech control in a variable's value asks for.
    """

    shortest: float | None
    longest: float | None
    most_texts: int | None


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long things last, in seconds: a text, a sound by its id (None: not known), a built-in sound by its name
    (those that are not there are passed over; without a table of them nothing is known).
    """

    text: Callable[[str], float] = speech_seconds
    sound: Callable[[str], float | None] = lambda sound_id: None  # noqa: ARG005 (nothing is known of sounds)
    house: Mapping[str, float] | None = None


def bounds(program: Program, *, incoming: bool = True, lengths: Lengths | None = None) -> Bounds:
    """The proven bounds of a script, for calls that come in or for those that are placed."""
    if len(program.steps) > MOST_STEPS:
        return Bounds(0.0, None, None)
    return _Bounds(program, incoming, lengths or Lengths()).proven()


class _Bounds:
    def __init__(self, program: Program, incoming: bool, lengths: Lengths) -> None:
        self._program = program
        self._incoming = incoming
        self._lengths = lengths
        self._graph = FlowGraph(program)
        self._end = self._graph.end
        self._recordings = _recordings(program)
        self._seconds = [self._lasts(step.command) for step in program.steps] + [(0.0, 0.0)] * 4
        waits = not incoming and not program.quick_start
        if waits:
            self._seconds[self._graph.frame] = (0.0, GREETING_SECONDS)
        self._first = self._graph.frame if waits else 0
        detected = {"ring"} | ({"amd"} if "amd" in program.labels else {"start"})
        self._restarts = [] if incoming else [self._graph.target(label) for label in detected]

    def proven(self) -> Bounds:
        graph = self._graph
        listening = [self._listens(node) for node in range(len(graph.edges))]
        flow = SwitchFlow(self._program, graph, listening, self._restarts)
        switches = flow.found()
        if switches is None:
            return Bounds(0.0, None, None)
        jumps = [flow.digit_jumps(node, switches[node]) for node in range(len(graph.edges))]
        plain = [tuple(each for each in following if each != graph.digit) for following in graph.edges]
        plain[graph.digit] = ()
        edges = [(*plain[node], *jumps[node]) for node in range(len(graph.edges))]
        ranks = components(edges, range(len(edges)), set(range(len(edges))))
        longest = self._longest(self._repeated(self._longest_of_each(switches)), edges, ranks)
        if longest is not None and not self._incoming:
            # A machine that is recognised when the script has begun is let finish its greeting, once.
            longest += GREETING_SECONDS
        sent = [float(step.command.sends) for step in self._program.steps] + [0.0] * 4
        texts = self._longest(self._repeated(sent), edges, ranks)
        shortest = self._shortest(switches, plain, jumps)
        return Bounds(
            round(shortest, 3) if isfinite(shortest) else None,
            None if longest is None else round(longest, 3),
            None if texts is None else int(texts),
        )

    def _longest_of_each(self, switches: Sequence[Switches | None]) -> list[float]:
        """For each node the longest time; what is heard while the other side may make it pause has none."""
        most = [seconds for _, seconds in self._seconds]
        for position, step in enumerate(self._program.steps):
            now = switches[position]
            if now is not None and now.may_pause and isinstance(step.command, Speaking):
                most[position] = inf
        return most

    def _listens(self, node: int) -> bool:
        if node >= self._end:
            return self._seconds[node][1] > 0
        command = self._program.steps[node].command
        return not command.conversation and (self._seconds[node][1] > 0 or command.takes_digits)

    def _lasts(self, command: Command) -> tuple[float, float]:
        if isinstance(command, Say):
            seconds = self._lengths.text(command.text)
            return seconds, seconds
        if isinstance(command, PlaySound) and not dynamic(command.sound_id):
            known = self._lengths.sound(command.sound_id)
            if known is None:
                return 0.0, inf
            recorded = max(self._recordings.get(command.sound_id, -1.0), self._recordings.get(None, -1.0))
            return (known, known) if recorded < 0 else (0.0, max(known, recorded))
        if isinstance(command, PlaySpecialSoundFile) and self._lengths.house is not None:
            if dynamic(command.sound):
                return 0.0, max(self._lengths.house.values(), default=0.0)
            known = self._lengths.house.get(SOUND.read(command.sound) or "", 0.0)
            return known, known
        return command.lasts()

    def _repeated(self, weights: Sequence[float]) -> list[float]:
        """The weights, with what a step has repeated before it goes on added to its own."""
        whole = list(weights)
        for position, step in enumerate(self._program.steps):
            label, times = step.command.retries()
            if times:
                whole[position] += times * sum(weights[self._graph.target(label) : position + 1])
        return whole

    def _longest(
        self, weights: Sequence[float], edges: Sequence[Sequence[int]], ranks: Sequence[Sequence[int]]
    ) -> float | None:
        """The heaviest way to the end, restarts by detections included; None if it has no bound."""
        starts = [self._first, *self._restarts]
        if not self._incoming:
            # A machine and a fax each start the call over once, where the script wants it.
            starts.append(self._graph.target("amd" if "amd" in self._program.labels else "start"))
        there = reached(edges, {*starts, self._graph.target("start")})
        ways: dict[int, float] = {}
        for component in ranks:
            own = sum(weights[node] for node in component if there[node])
            repeats = len(component) > 1 or component[0] in edges[component[0]]
            if repeats and own > 0:
                own = inf
            onward = max((ways.get(node, 0.0) for each in component for node in edges[each]), default=0.0)
            for node in component:
                ways[node] = own + onward
        total = max(ways[self._first], ways[self._graph.target("start")]) + sum(ways[node] for node in starts[1:])
        return total if isfinite(total) else None

    def _shortest(
        self, switches: Sequence[Switches | None], plain: Sequence[Sequence[int]], jumps: Sequence[Sequence[int]]
    ) -> float:
        """The least time to the end (Dijkstra, 1959)."""
        stopped = self._loops_that_are_stopped(plain)
        least: dict[int, float] = {}
        waiting = [(0.0, node) for node in {0, self._graph.target("start"), *self._restarts}]
        while waiting:
            seconds, node = heappop(waiting)
            if node in least:
                continue
            least[node] = seconds
            if node == self._end or node in stopped:
                return seconds
            for following in plain[node]:
                heappush(waiting, (seconds + self._at_least(node, switches[node]), following))
            for following in jumps[node]:
                heappush(waiting, (seconds, following))
        return inf

    def _at_least(self, node: int, switches: Switches | None) -> float:
        """The shortest time of a step that runs to its end, or that a digit for the next command may cut short."""
        if node < self._end and (switches is None or switches.may_act):
            following = node
            while isinstance(self._program.command(following), Speaking):
                following += 1
            command = self._program.command(following)
            if command is not None and command.takes_digits:
                return 0.0
        return self._seconds[node][0]

    def _loops_that_are_stopped(self, plain: Sequence[Sequence[int]]) -> set[int]:
        """The nodes where the engine may end a call for commands beyond its time: those of loops that need little.

        A loop in which one step takes a second for every 100 commands of the script is never one.
        """
        little = len(plain) / STEPS_A_SECOND
        quick = [node for node in range(len(plain)) if self._seconds[node][0] < little]
        if len(quick) > MOST_TIMELESS_STEPS:
            return set(quick)  # so many may follow each other without a loop
        return {
            node
            for component in components(plain, quick, set(quick))
            if len(component) > 1 or component[0] in plain[component[0]]
            for node in component
        }


def _recordings(program: Program) -> dict[str | None, float]:
    """The sounds that the script may record anew, each with its greatest length; None for one that a variable names."""
    longest: dict[str | None, float] = {}
    for step in program.steps:
        if isinstance(step.command, RecordAndSaveAs):
            name = None if dynamic(step.command.sound) else SOUND.read(step.command.sound)
            longest[name] = max(longest.get(name, 0.0), step.command.lasts()[1])
    return longest
