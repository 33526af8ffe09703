"""Bounds: how long a run of a script can last, and how many texts it can send, proven from its text alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from math import inf, isfinite

from controller.script.calls import RecordAndSaveAs
from controller.script.command import Command, Speaking, dynamic
from controller.script.digits import ActOnDigitPress, AssignDTMF
from controller.script.flowgraph import FlowGraph, components, reached
from controller.script.kinds import DIGIT, DIGITS, FLAG, SOUND
from controller.script.program import Program
from controller.script.speaking import PlaySound, PlaySpecialSoundFile, Say, speech_seconds

MOST_STEPS = 2000  # of longer scripts nothing is proven
FRAME_SECONDS = 20.0  # an outgoing call waits for silence at most twice ten seconds
_ROUNDS = 50


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
    """How long things last, in seconds: a text, a sound by its id (None: not known), a sound of the house by its name
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


@dataclass(frozen=True, slots=True)
class _Keypad:
    """What digits may do at a step: whether they may be acted on, and the labels that each may be bound to."""

    may_act: bool = True
    may_not_act: bool = False
    labels: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def joined(self, other: _Keypad) -> _Keypad:
        labels = dict(self.labels)
        for digit, bound in other.labels.items():
            labels[digit] = labels.get(digit, frozenset()) | bound
        return _Keypad(self.may_act or other.may_act, self.may_not_act or other.may_not_act, labels)

    def after(self, command: Command) -> _Keypad:
        bound = command.binds_only()
        if bound is not None:
            labels = {digit: frozenset({label}) for digit, label in bound.items()}
            return _Keypad(True, False, labels) if command.heeds_digits else replace(self, labels=labels)
        if isinstance(command, ActOnDigitPress):
            act = FLAG.read(command.act)
            if act is not None:
                return _Keypad(act, not act, self.labels)
            return _Keypad(True, True, self.labels) if dynamic(command.act) else self
        if isinstance(command, AssignDTMF):
            return self._assigned(command)
        return self

    def _assigned(self, command: AssignDTMF) -> _Keypad:
        label = frozenset({command.label})
        digit = DIGIT.read(command.digit)
        labels = dict(self.labels)
        if digit is not None:
            labels[digit] = label if not dynamic(command.label) else label | labels.get(digit, frozenset())
        elif dynamic(command.digit):
            for each in DIGITS:
                labels[each] = labels.get(each, frozenset()) | label
        return _Keypad(self.may_act, self.may_not_act, labels)


class _Bounds:
    def __init__(self, program: Program, incoming: bool, lengths: Lengths) -> None:
        self._program = program
        self._incoming = incoming
        self._lengths = lengths
        self._graph = FlowGraph(program)
        self._end = self._graph.end
        self._recordings = _recordings(program)
        self._seconds = [self._lasts(step.command) for step in program.steps]
        detected = {"ring"} | ({"amd"} if "amd" in program.labels else {"start"})
        self._restarts = [] if incoming else [self._graph.target(label) for label in detected]

    def proven(self) -> Bounds:
        keypads = self._keypads()
        if keypads is None:
            return Bounds(0.0, None, None)
        jumps = [self._digit_jumps(position, keypads[position]) for position in range(self._end)]
        plain = [self._without_digits(position) for position in range(self._end)]
        edges: list[Sequence[int]] = [(*plain[position], *jumps[position]) for position in range(self._end)]
        edges += [(), (), self._graph.edges[self._graph.any_label]]
        ranks = components(edges, range(len(edges)), set(range(len(edges))))
        longest = self._longest(self._repeated([most for _, most in self._seconds]), edges, ranks)
        sent = [float(step.command.sends) for step in self._program.steps]
        texts = self._longest(self._repeated(sent), edges, ranks)
        if longest is not None and not self._incoming and not self._program.quick_start:
            longest += 2 * FRAME_SECONDS  # at the beginning, and when a ringing tone is heard
        shortest = self._shortest(keypads, plain, jumps)
        return Bounds(
            round(shortest, 3) if isfinite(shortest) else None,
            None if longest is None else round(longest, 3),
            None if texts is None else int(texts),
        )

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

    def _without_digits(self, position: int) -> tuple[int, ...]:
        return tuple(node for node in self._graph.edges[position] if node != self._graph.digit)

    def _listens(self, position: int) -> bool:
        command = self._program.steps[position].command
        return not command.conversation and (self._seconds[position][1] > 0 or command.takes_digits)

    def _digit_jumps(self, position: int, keypad: _Keypad | None) -> tuple[int, ...]:
        if keypad is None or not keypad.may_act or not self._listens(position):
            return ()
        labels = {label for bound in keypad.labels.values() for label in bound}
        return tuple({node for label in labels for node in self._graph.targets(label)})

    def _keypads(self) -> list[_Keypad | None] | None:
        """What digits may do at each step, however a call got there; None when that takes too long to find out."""
        found: list[_Keypad | None] = [None] * len(self._graph.edges)
        first = _Keypad(labels={"1": frozenset({"start"})})
        waiting = [(self._graph.target("start"), first), (0, first)] + [(node, first) for node in self._restarts]
        for _ in range(_ROUNDS * (len(self._program.steps) + 1)):
            if not waiting:
                return found
            node, keypad = waiting.pop()
            before = found[node]
            now = keypad if before is None else before.joined(keypad)
            if now == before:
                continue
            found[node] = now
            if node >= self._end:
                waiting.extend((following, now) for following in self._graph.edges[node])
                continue
            after = now.after(self._program.steps[node].command)
            waiting.extend((following, after) for following in self._without_digits(node))
            waiting.extend((following, now) for following in self._digit_jumps(node, now))
            if self._listens(node):
                waiting.extend((following, now) for following in self._restarts)
        return None

    def _longest(
        self, weights: Sequence[float], edges: Sequence[Sequence[int]], ranks: Sequence[Sequence[int]]
    ) -> float | None:
        """The heaviest way to the end, restarts by detections included; None if it has no bound."""
        starts = [0, *self._restarts]
        if not self._incoming:
            # A machine and a fax each start the call over once, where the script wants it.
            starts.append(self._graph.target("amd" if "amd" in self._program.labels else "start"))
        starts[0] = max(0, starts[0])
        there = reached(edges, {*starts, self._graph.target("start")})
        ways: dict[int, float] = {}
        for component in ranks:
            own = sum(weights[node] for node in component if node < self._end and there[node])
            repeats = len(component) > 1 or component[0] in edges[component[0]]
            if repeats and own > 0:
                own = inf
            onward = max((ways.get(node, 0.0) for each in component for node in edges[each]), default=0.0)
            for node in component:
                ways[node] = own + onward
        total = max(ways[0], ways[self._graph.target("start")]) + sum(ways[node] for node in starts[1:])
        return total if isfinite(total) else None

    def _shortest(
        self, keypads: Sequence[_Keypad | None], plain: Sequence[Sequence[int]], jumps: Sequence[Sequence[int]]
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
            if node > self._end:
                for following in self._graph.edges[node]:
                    heappush(waiting, (seconds, following))
                continue
            for following in plain[node]:
                heappush(waiting, (seconds + self._at_least(node, keypads[node]), following))
            for following in jumps[node]:
                heappush(waiting, (seconds, following))
        return inf

    def _at_least(self, position: int, keypad: _Keypad | None) -> float:
        """The shortest time of a step that runs to its end, or that a digit for the next command may cut short."""
        if keypad is None or keypad.may_act:
            following = position
            while isinstance(self._program.command(following), Speaking):
                following += 1
            command = self._program.command(following)
            if command is not None and command.takes_digits:
                return 0.0
        return self._seconds[position][0]

    def _loops_that_are_stopped(self, plain: Sequence[Sequence[int]]) -> set[int]:
        """The steps of loops that may go round in no time: the engine ends them after 1,000 commands."""
        quick = [position for position in range(self._end) if self._seconds[position][0] == 0]
        return {
            node
            for component in components([*plain, (), (), ()], quick, set(quick))
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
