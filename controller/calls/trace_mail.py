"""The trace of a call for people: its lines, whether there is an error among them, and the mail that holds them.

The lines are those of the vendor's own mails: "11/23/2026 5:04:01 PM: text", in UTC (Phone Notify! documentation).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from controller.calls.model.call import Call, TraceLine
from controller.postbacks.encoding import form_time
from controller.script.transcript import EVENTS, TranscriptLine, particulars

# How a call ends when something went wrong, whatever else its trace says.
FAILED_ENDS = frozenset(
    {"error", "asterisk-lost", "lost", "program-changed", "state-unreadable", "step-limit", "call-length-limit"}
)
MOST_LINES = 5000
FIRST_LINES = 500
LONGEST_LINE = 1000  # characters


def is_error(line: TraceLine) -> bool:
    """Whether this line says that something went wrong."""
    return line.event == "error" or (line.event == "end" and line.fields.get("reason") in FAILED_ENDS)


def told(line: TraceLine) -> str:
    """What a line says: the event, and what it is about."""
    if line.event in EVENTS:
        about = particulars(TranscriptLine(0.0, line.event, line.fields))
    else:  # what only a live call has: dialling, not_answered …
        about = " ".join(map(str, line.fields.values()))
    return _printable(f"{line.event.replace('_', ' ')} {about}".strip())[:LONGEST_LINE]


def trace_mail(call: Call, trace: Sequence[TraceLine], *, sender: str, recipient: str, now: datetime) -> EmailMessage:
    """The mail with a call's trace. `sender` and `recipient` are plain addresses; no other text of others is in a
    header. ValueError for an address that is none.
    """
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = recipient
    failed = any(is_error(line) for line in trace)
    mail["Subject"] = f"Ringpost: trace of call {call.queue_id}{' (with errors)' if failed else ''}"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<call-{call.queue_id}-{now:%Y%m%d%H%M%S%f}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence note answers it
    mail.set_content("\n".join((*_head(call), "", *_lines(trace), "")), charset="utf-8")
    return mail


def _head(call: Call) -> tuple[str, ...]:
    caller, called = (
        (call.their_number, call.our_number) if call.direction == "incoming" else (call.our_number, call.their_number)
    )
    return (
        f"QueueID: {call.queue_id}",
        f"{call.direction.capitalize()} call from {_printable(caller) or 'an unknown number'} to {_printable(called)}",
        f"Ended: {call.end_reason}, after {call.duration_seconds} s",
    )


def _lines(trace: Sequence[TraceLine]) -> list[str]:
    lines = [f"{form_time(line.at, 'us')}: {told(line)}" for line in trace]
    if len(lines) <= MOST_LINES:
        return lines
    left_out = f"... {len(lines) - MOST_LINES} lines are left out here ..."
    return [*lines[:FIRST_LINES], left_out, *lines[FIRST_LINES - MOST_LINES :]]


def _printable(text: str) -> str:
    """One line, whatever a script, a caller or a server put into it."""
    return "".join(character if character.isprintable() else " " for character in text)
