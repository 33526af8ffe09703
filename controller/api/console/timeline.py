"""One call as a picture on one time axis: legs, prompts, digits, recordings, transfers, post-backs with their tries.

Pure: from what is stored to marks with their places, in units of a picture that is 1,000 wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.calls.model.call import TraceLine
from controller.calls.model.sip_message import SipMessage
from controller.calls.store.stored_calls import CallSummary
from controller.calls.trace_mail import is_error, told
from controller.postbacks.lookup import PastAttempt, StoredPostback
from controller.speech.pcm import BEEP_SECONDS

WIDTH = 1000.0
LEFT = 130.0
RIGHT = 970.0
TOP = 26.0
LANE = 34.0
# What a letter of a label needs, on average.
LETTER = 6.4
MOST_POSTBACKS = 14
MOST_MARKS = 400
# Tries of post-backs that come so long after the call would press it into a corner: they stand at the edge.
AFTERWARDS_SECONDS = 20.0

_PROMPTS = frozenset({"say", "sound", "silence", "beep"})
_INSTANT = frozenset({"digit", "detected", "set", "jump", "post_url", "answered", "ringing", "opt_out", "text"})
_STEPS = ("set", "jump", "fetch", "text", "opt_out", "post_url", "error", "detected", "resumed", "conference")


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that takes time. kind: the class that colours it; label: what has room in it; title: all of it."""

    x: float
    width: float
    kind: str
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happens at a moment; label: a letter or two in it; late: beyond the edge of the picture."""

    x: float
    kind: str
    label: str
    title: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of the picture: y of its middle, its name, bars and marks."""

    y: float
    name: str
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """The picture. ticks: places of the axis, with seconds as text. answered: where it was answered, if it was."""

    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    height: float
    answered: float | None
    left_out: int


def timeline(
    call: CallSummary,
    trace: Sequence[TraceLine],
    postbacks: Sequence[tuple[StoredPostback, Sequence[PastAttempt]]],
    now: datetime,
    sip: Sequence[SipMessage] = (),
) -> Timeline:
    """The picture of a call. postbacks, sip: the oldest first. now: the end of what is still going on."""
    axis = _Axis.of(call, trace, postbacks, now)
    rows = [("call", *_legs(call, trace, axis))]
    rows.append(("prompts", _prompts(trace, axis), ()))
    rows.append(("digits", _collected(trace, axis), _digits(trace, axis)))
    for name, event in (("recording", "record"), ("transfer", "transfer")):
        if found := _ended_by(event, trace, axis):
            rows.append((name, found, ()))
    if steps := _steps(trace, axis):
        rows.append(("script", (), steps))
    if sip:
        rows.append(("SIP", (), tuple(_signalled(each, axis) for each in sip)))
    rows += [_postback(each, attempts, axis) for each, attempts in postbacks[:MOST_POSTBACKS]]
    lanes = tuple(
        Lane(TOP + LANE * index + LANE / 2, name, bars[:MOST_MARKS], marks[:MOST_MARKS])
        for index, (name, bars, marks) in enumerate(rows)
    )
    left_out = max(0, len(postbacks) - MOST_POSTBACKS) + sum(
        max(0, len(marks) - MOST_MARKS) + max(0, len(bars) - MOST_MARKS) for _, bars, marks in rows
    )
    answered = None if call.answered_at is None else axis.x(call.answered_at)
    return Timeline(lanes, axis.ticks(), TOP + LANE * len(rows) + 24, answered, left_out)


_Row = tuple[str, tuple[Bar, ...], tuple[Mark, ...]]


@dataclass(frozen=True, slots=True)
class _Axis:
    start: datetime
    zero: datetime
    seconds: float
    end: datetime

    @classmethod
    def of(
        cls,
        call: CallSummary,
        trace: Sequence[TraceLine],
        postbacks: Sequence[tuple[StoredPostback, Sequence[PastAttempt]]],
        now: datetime,
    ) -> _Axis:
        first = call.started_at
        if call.direction == "outgoing" and trace:
            # It may have waited for hours to be due: what is looked at begins with the first try.
            first = min((line.at for line in trace), default=first)
        end = call.ended_at or (now if call.due_at is None else max((line.at for line in trace), default=first))
        last = max([end, *(line.at for line in trace)])
        near = last + timedelta(seconds=max(AFTERWARDS_SECONDS, (last - first).total_seconds() * 0.5))
        shown = [attempt.at for _, attempts in postbacks for attempt in attempts if attempt.at <= near]
        seconds = max(1.0, (max([last, *shown]) - first).total_seconds() * 1.04)
        return cls(first, call.answered_at or first, seconds, end)

    def x(self, at: datetime) -> float:
        share = (at - self.start).total_seconds() / self.seconds
        return round(LEFT + min(1.0, max(0.0, share)) * (RIGHT - LEFT), 1)

    def is_late(self, at: datetime) -> bool:
        return (at - self.start).total_seconds() > self.seconds

    def ticks(self) -> tuple[tuple[float, str], ...]:
        step = next((each for each in _STEPS_OF_AXIS if self.seconds / each <= 10), _STEPS_OF_AXIS[-1])
        before = (self.zero - self.start).total_seconds()
        first = -int(before // step)
        places = []
        for number in range(first, first + 200):
            at = before + number * step
            if at > self.seconds:
                break
            places.append((round(LEFT + at / self.seconds * (RIGHT - LEFT), 1), f"{number * step:g} s"))
        return tuple(places)


_STEPS_OF_AXIS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400)


def _bar(axis: _Axis, start: datetime, end: datetime, kind: str, text: str) -> Bar:
    x = axis.x(start)
    width = round(max(2.0, axis.x(end) - x), 1)
    room = int((width - 8) / LETTER)
    text = " ".join(text.split())
    label = text if len(text) <= room else (text[: room - 1] + "…" if room > 3 else "")
    seconds = (end - start).total_seconds()
    return Bar(x, width, kind, label, f"{text} ({seconds:.1f} s)"[:500])


def _legs(call: CallSummary, trace: Sequence[TraceLine], axis: _Axis) -> tuple[tuple[Bar, ...], tuple[Mark, ...]]:
    """The call's own leg: each try to reach somebody, ringing, and the time from the answer to the end."""
    bars = []
    if call.direction == "outgoing":
        begun: TraceLine | None = None
        for line in trace:
            if line.event == "dialling":
                begun = line
            elif begun is not None and line.event in ("not_answered", "answered", "end"):
                attempt = f"try {begun.fields.get('attempt', '')}: {line.fields.get('result', line.event)}"
                bars.append(_bar(axis, begun.at, line.at, "rings", attempt))
                begun = None
        if begun is not None:
            bars.append(_bar(axis, begun.at, axis.end, "rings", "dialling"))
    else:
        bars.append(_bar(axis, call.started_at, call.answered_at or axis.end, "rings", "rings"))
    if call.answered_at is not None:
        text = f"answered; {call.end_reason.replace('-', ' ')}" if call.ended_at else "answered"
        bars.append(_bar(axis, call.answered_at, axis.end, "talks", text))
    marks = []
    if call.ended_at is not None:
        failed = any(is_error(line) for line in trace if line.event == "end")
        marks.append(Mark(axis.x(call.ended_at), "fails" if failed else "ends", "", f"ended: {call.end_reason}"))
    return tuple(bars), tuple(marks)


def _next_time(trace: Sequence[TraceLine], index: int, axis: _Axis) -> datetime:
    """When what began with this line was over: at the next line that says that the script went on."""
    return next((line.at for line in trace[index + 1 :] if line.event not in _INSTANT), axis.end)


def _prompts(trace: Sequence[TraceLine], axis: _Axis) -> tuple[Bar, ...]:
    bars = []
    for index, line in enumerate(trace):
        if line.event in _PROMPTS:
            text = str(line.fields.get("text") or line.fields.get("id") or line.event)
            end = _next_time(trace, index, axis)
            if line.event == "beep":  # what follows may be a recording, which is told when it is over
                end = min(end, line.at + timedelta(seconds=BEEP_SECONDS))
            bars.append(_bar(axis, line.at, end, line.event, text))
    return tuple(bars)


def _collected(trace: Sequence[TraceLine], axis: _Axis) -> tuple[Bar, ...]:
    """How long the script waited for a digit."""
    return tuple(
        _bar(axis, line.at, _next_time(trace, index, axis), "waits", "")
        for index, line in enumerate(trace)
        if line.event == "wait_digit"
    )


def _digits(trace: Sequence[TraceLine], axis: _Axis) -> tuple[Mark, ...]:
    marks = []
    for line in trace:
        if line.event == "digit":
            digit = str(line.fields.get("digit", ""))
            marks.append(Mark(axis.x(line.at), "digit", digit[:2], f"the key {digit}"))
    return tuple(marks)


def _ended_by(event: str, trace: Sequence[TraceLine], axis: _Axis) -> tuple[Bar, ...]:
    """What is told when it is over: it began with the line before it."""
    bars = []
    for index, line in enumerate(trace):
        if line.event == event:
            before = next(
                (each.at for each in reversed(trace[:index]) if each.event not in ("digit", "detected")), axis.zero
            )
            bars.append(_bar(axis, before, line.at, event, told(line).removeprefix(event).strip()))
    return tuple(bars)


def _steps(trace: Sequence[TraceLine], axis: _Axis) -> tuple[Mark, ...]:
    return tuple(
        Mark(axis.x(line.at), "fails" if is_error(line) else "step", "", told(line)[:500])
        for line in trace
        if line.event in _STEPS
    )


def _signalled(message: SipMessage, axis: _Axis) -> Mark:
    failed = message.line[:1] in ("4", "5", "6")
    title = f"{message.line} ({message.cseq}), {message.source} → {message.destination}"
    return Mark(axis.x(message.at), "fails" if failed else "signal", "", title, late=axis.is_late(message.at))


def _postback(postback: StoredPostback, attempts: Sequence[PastAttempt], axis: _Axis) -> _Row:
    marks = []
    for attempt in attempts:
        result = "delivered" if attempt.delivered else attempt.reason or f"status {attempt.status}"
        kind = "delivered" if attempt.delivered else "fails"
        title = f"{postback.event}: {result}, after {attempt.seconds:.2f} s"
        marks.append(Mark(axis.x(attempt.at), kind, "", title, late=axis.is_late(attempt.at)))
    ends = [attempt.at for attempt in attempts] or [postback.created_at]
    made = Mark(axis.x(postback.created_at), "made", "", f"{postback.event} was made")
    bars = (_bar(axis, postback.created_at, max(*ends, postback.created_at), "travels", ""),)
    return f"→ {postback.event.removeprefix('call.')}", bars, (made, *marks)
