"""The SIP of a call as a ladder: the parties side by side, an arrow for each message, the first at the top.

Pure: from messages to places in a picture that is 1,000 wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.calls.model.sip_message import SipMessage

LEFT, RIGHT = 160.0, 900.0
TOP = 46.0
STEP = 24.0
MOST_PARTIES = 6
LONGEST_LABEL = 48
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Arrow:
    """A message: from where to where, how high, its label, and the seconds since the answer as text."""

    start: float
    end: float
    y: float
    label: str
    title: str
    seconds: str
    kind: str
    message: SipMessage


@dataclass(frozen=True, slots=True)
class SipLadder:
    """The picture. parties: where each stands, and its address."""

    parties: tuple[tuple[float, str], ...]
    arrows: tuple[Arrow, ...]
    height: float


def sip_ladder(messages: Sequence[SipMessage], zero: datetime) -> SipLadder:
    """The picture of messages, the oldest first. zero: where seconds count from."""
    names = list(dict.fromkeys(place for each in messages for place in (each.source, each.destination)))
    shown = names if len(names) <= MOST_PARTIES else [*names[: MOST_PARTIES - 1], OTHERS]
    gap = (RIGHT - LEFT) / max(1, len(shown) - 1)
    where = {name: round(LEFT + gap * index, 1) for index, name in enumerate(shown)}

    def x(place: str) -> float:
        return where.get(place, where.get(OTHERS, LEFT))

    arrows = []
    for index, each in enumerate(messages):
        start, end = x(each.source), x(each.destination)
        if start == end:  # both are among the others, or one talks to itself
            end = start + 30
        seconds = f"{(each.at - zero).total_seconds():.2f}"
        label = each.line if len(each.line) <= LONGEST_LABEL else each.line[: LONGEST_LABEL - 1] + "…"
        kind = "fails" if each.line[:1] in ("4", "5", "6") else "signal"
        title = f"{seconds} s: {each.line} ({each.cseq})"
        arrows.append(Arrow(start, end, TOP + STEP * index, label, title, seconds, kind, each))
    parties = tuple((where[name], name) for name in shown)
    return SipLadder(parties, tuple(arrows), TOP + STEP * len(messages))
