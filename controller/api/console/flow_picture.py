"""The flow of a script as a picture: its parts one below the other, and an arc for every jump. Pure.

A part begins at the start, at a label, and nowhere else. What follows by itself is an arrow downwards; jumps forward
are arcs on the right, jumps back on the left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controller.script.analysis.flow_graph import FlowGraph
from controller.script.commands.flow import Label
from controller.script.program import Program

BOX_WIDTH = 300.0
BOX_HEIGHT = 44.0
GAP = 22.0
SIDE = 130.0
MOST_PARTS = 80
_LONGEST_LINE = 44


@dataclass(frozen=True, slots=True)
class Box:
    """A part. line: where it begins in the script, from 1; reachable: whether a call can get there."""

    y: float
    name: str
    text: str
    line: int
    reachable: bool
    entry: bool


@dataclass(frozen=True, slots=True)
class Arrow:
    """A way from a part to another, as an SVG path; back: upwards."""

    path: str
    back: bool


@dataclass(frozen=True, slots=True)
class FlowPicture:
    """The picture. left_out: how many parts have no room in it."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    width: float
    height: float
    left_out: int


def flow_picture(program: Program) -> FlowPicture:
    """The picture of a program."""
    graph = FlowGraph(program)
    starts = sorted({0, *(place for place in program.labels.values() if place > 0)}) if program.steps else []
    shown = starts[:MOST_PARTS]
    ends = [*starts[1:], len(program.steps)]
    names = {place: name for name, place in reversed(list(program.labels.items()))}
    boxes = [
        Box(
            y=index * (BOX_HEIGHT + GAP) + 10,
            name=names.get(start, "start"),
            text=_summary(program, start, ends[index]),
            line=program.steps[start].line,
            reachable=graph.reachable[start],
            entry=index == 0 or names.get(start) in ("start", "amd", "ring"),
        )
        for index, start in enumerate(shown)
    ]
    end_index = len(shown)
    if shown:
        boxes.append(
            Box(end_index * (BOX_HEIGHT + GAP) + 10, "end", "the call is over", 0, reachable=True, entry=False)
        )
    arrows = _arrows(graph, shown, ends, end_index)
    height = len(boxes) * (BOX_HEIGHT + GAP) + 10
    return FlowPicture(tuple(boxes), arrows, BOX_WIDTH + 2 * SIDE, height, len(starts) - len(shown))


def _summary(program: Program, start: int, end: int) -> str:
    """The first commands of a part, as far as there is room."""
    said = [
        str(program.steps[place].command).replace("\n", " ")
        for place in range(start, min(end, start + 6))
        if not isinstance(program.steps[place].command, Label)
    ]
    text = " · ".join(said)
    return text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 1]}…"


def _arrows(graph: FlowGraph, starts: Sequence[int], ends: Sequence[int], end_index: int) -> tuple[Arrow, ...]:
    part_of: dict[int, int] = {graph.end: end_index}
    for index, start in enumerate(starts):
        for place in range(start, ends[index]):
            part_of[place] = index
    ways: dict[tuple[int, int], None] = {}
    for place, index in part_of.items():
        if place == graph.end:
            continue
        following = set(graph.edges[place])
        if graph.digit in following:
            following |= set(graph.edges[graph.digit])
        for other in sorted(following):
            to = part_of.get(other)
            # Within a part calls go on by themselves; only what enters a part at its beginning is drawn.
            if to is not None and (to != index or other in starts) and not (to == index and other == place + 1):
                ways[index, to] = None
    return tuple(_arrow(source, to) for source, to in ways)


def _arrow(source: int, to: int) -> Arrow:
    step = BOX_HEIGHT + GAP
    if to == source + 1:
        x, y = SIDE + BOX_WIDTH / 2, source * step + 10 + BOX_HEIGHT
        return Arrow(f"M{x} {y}v{GAP - 6}", back=False)
    from_y, to_y = source * step + 10 + BOX_HEIGHT * 0.65, to * step + 10 + BOX_HEIGHT * 0.35
    bend = min(SIDE - 14, 24 + abs(to - source) * 12)
    if to > source:
        x = SIDE + BOX_WIDTH
        return Arrow(f"M{x} {from_y}C{x + bend} {from_y} {x + bend} {to_y} {x + 6} {to_y}", back=False)
    return Arrow(f"M{SIDE} {from_y}C{SIDE - bend} {from_y} {SIDE - bend} {to_y} {SIDE - 6} {to_y}", back=True)
