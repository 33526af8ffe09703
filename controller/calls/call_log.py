"""What is written down of one call while it runs: its trace, its state, and the post-backs that report it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from controller.calls.feed import CallFeed
from controller.calls.model.call import Call, TraceLine
from controller.calls.model.response_codes import ResponseCode
from controller.calls.postback import call_postback
from controller.calls.store.journal import Journal
from controller.calls.trace_mailer import TraceMailer
from controller.postbacks.encoding import DateFormat
from controller.postbacks.outbox import Postback
from controller.script.outcomes import Note
from controller.script.state import State


@dataclass(frozen=True, slots=True)
class CallLogTargets:
    """Where calls are written down: the journal, the feed for those who watch, the clock (UTC), the date format.

    mailer: sends the traces that scripts ask for; None when there is no mail server.
    """

    journal: Journal
    feed: CallFeed
    now: Callable[[], datetime]
    date_format: DateFormat = "us"
    mailer: TraceMailer | None = None


class CallLog:
    """The record of one call. Nothing here waits or fails: the journal stores it when the database allows."""

    def __init__(self, log_targets: CallLogTargets, call: Call, state: Callable[[], State]) -> None:
        self.call = call
        self._log_targets = log_targets
        self._state = state
        self._trace: list[TraceLine] = []

    def note(self, event: str, **fields: object) -> None:
        """Add a line to the trace; it is stored with the next state."""
        self.tell(event, fields)

    def take(self, notes: Iterable[Note]) -> None:
        """Add the engine's notes to the trace, its single steps left out."""
        for note in notes:
            if note.event != "step":
                self.tell(note.event, dict(note.fields))

    def tell(self, event: str, fields: Mapping[str, object]) -> None:
        """Add a line to the trace, its particulars as a mapping that nobody changes afterwards."""
        self.call.trace_number += 1
        line = TraceLine(self.call.queue_id, self.call.trace_number, self._log_targets.now(), event, fields)
        self._trace.append(line)
        self._log_targets.feed.publish(self.call, line)

    def save(self) -> None:
        """Have the call's present state and the trace so far stored."""
        self._write(None)

    def answered(self) -> None:
        """The call was answered: stored and posted."""
        self.call.answered(self._log_targets.now())
        self.note("answered")
        self.report("call.answered", ResponseCode.IN_CALL if self.call.outgoing else ResponseCode.INCOMING_CALL)

    def waits_again(self, code: ResponseCode, seconds: float) -> None:
        """A try was not answered, and another one follows in so many seconds: stored, and posted as queued again.

        The code of the failure stands in the trace only: whoever reads it in a post-back takes the call for over.
        """
        self.note("not_answered", result=_word(code))
        self.call.waits_again(self._log_targets.now() + timedelta(seconds=seconds))
        self.report("call.waits-again", ResponseCode.QUEUED)

    def not_answered(self, code: ResponseCode) -> None:
        """The last try was not answered, or not made: the call is over."""
        self.ended(_word(code), code)

    def given_back(self, seconds: float = 0.0) -> None:
        """A try was not begun after all, and nobody was called: it is due again in so many seconds, here or elsewhere.

        Where it was posted that somebody is called, it is posted that the call waits again.
        """
        was_posted = self.call.response_code is not ResponseCode.QUEUED
        self.call.given_back(self._log_targets.now() + timedelta(seconds=seconds))
        if was_posted:
            self.report("call.waits-again", ResponseCode.QUEUED)
        else:
            self._write(None)

    def ended(self, reason: str, code: ResponseCode, *, event: str = "call.completed") -> None:
        """The call is over: stored, with its final post-back."""
        self.call.ended(self._log_targets.now(), reason, code)
        self.note("end", reason=reason)
        self.report(event, code, final=True)
        if self._log_targets.mailer is not None:
            self._log_targets.mailer.call_ended(self.call, self._state())

    def report(self, event: str, code: ResponseCode, *, final: bool = False) -> None:
        """A change of the call's state: stored together with its post-back, if there is a URL for it."""
        self.call.response_code = code
        state = self._state()
        url = state.status_post_url or self.call.status_post_url
        postback = None
        if url:
            postback = call_postback(
                uuid4(), self.call, state, event=event, url=url, final=final, date_format=self._log_targets.date_format
            )
        self._write(postback)

    def _write(self, postback: Postback | None) -> None:
        trace, self._trace = self._trace, []
        self._log_targets.journal.add(self.call, self._state_as_json, trace=trace, postback=postback)

    def _state_as_json(self) -> str:
        return json.dumps(self._state().to_json(), ensure_ascii=False)


def _word(code: ResponseCode) -> str:
    return code.name.lower().replace("_", "-")
