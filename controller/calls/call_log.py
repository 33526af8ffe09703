"""What is written down of one call while it runs: its trace, its state, and the post-backs that report it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import uuid4

import structlog

from controller.calls.feed import CallFeed
from controller.calls.model.call import Call, TraceLine, leg_id
from controller.calls.model.response_codes import ResponseCode, TransferState
from controller.calls.model.states import CallState, TransitionForbidden
from controller.calls.postback import call_postback
from controller.calls.store.journal import Journal
from controller.calls.trace_mailer import TraceMailer
from controller.calls.usage import call_usage, transfer_usage
from controller.line_types.model import NOTHING_KNOWN, LineFound, nothing_known
from controller.metering.metrics import UsageMetrics
from controller.metering.usage import UsageRecord
from controller.numbers import try_number
from controller.postbacks.encoding import DateFormat
from controller.postbacks.outbox import Postback
from controller.script.outcomes import Note
from controller.script.state import State
from controller.store.storable import as_json

log = structlog.get_logger()

# What a call's trace holds; of what happens beyond that only how much there was is told, at its end.
MOST_TRACE_LINES = 5000
_ALWAYS_TOLD = frozenset({"answered", "left_out", "end"})


def _saw_all(_channel_id: str, _answered_at: datetime) -> None:
    """No leg ends unseen."""


@dataclass(frozen=True, slots=True)
class CallLogTargets:
    """Where calls are written down: the journal, the feed for those who watch, the clock (UTC), the date format.

    mailer: sends the traces that scripts ask for; None when there is no mail server. usage: counts what is metered.
    line_of: what is known of the line of a number (E.164), for post-backs of a key, by its name.
    leg_ended: when the leg of a channel, answered at that moment, ended while no controller was there; else None.
    """

    journal: Journal
    feed: CallFeed
    now: Callable[[], datetime]
    date_format: DateFormat = "us"
    mailer: TraceMailer | None = None
    usage: UsageMetrics | None = None
    line_of: Callable[[str, str], LineFound] = nothing_known
    leg_ended: Callable[[str, datetime], datetime | None] = _saw_all


class CallWriter(Protocol):
    """Where a call's state is written: see `Journal.add`."""

    def add(
        self,
        call: Call,
        state: Callable[[], str],
        *,
        trace: Sequence[TraceLine],
        postback: Postback | None,
        usage: Sequence[UsageRecord],
    ) -> None: ...


class CallLog:
    """Changes one call, and writes each change down. Nothing here waits or fails: the journal stores it when the
    database allows.

    A change that the call's model forbids is a mistake of ours. It is logged and left out, with its post-back: the call
    goes on as it stood.

    journal: where it is written instead of the journal of all calls. state_json: the engine's state as JSON text, where
    it is not that of `state`.
    """

    def __init__(
        self,
        log_targets: CallLogTargets,
        call: Call,
        state: Callable[[], State],
        *,
        journal: CallWriter | None = None,
        state_json: Callable[[], str] | None = None,
    ) -> None:
        self.call = call
        self._log_targets = log_targets
        self._journal = log_targets.journal if journal is None else journal
        self._state = state
        self._state_json = state_json or (lambda: as_json(state().to_json()))
        self._trace: list[TraceLine] = []
        self._usage: list[UsageRecord] = []
        self._left_out = 0

    def note(self, event: str, **fields: object) -> None:
        """Add a line to the trace; it is stored with the next state."""
        self.tell(event, fields)

    def take(self, notes: Iterable[Note]) -> None:
        """Add the engine's notes to the trace, its single steps left out."""
        for note in notes:
            if note.event != "step":
                self.tell(note.event, dict(note.fields))

    def tell(self, event: str, fields: Mapping[str, object]) -> None:
        """Add a line to the trace, its particulars as a mapping that nobody changes afterwards.

        A call writes no more than 5,000 lines, but for how it ends.
        """
        if self.call.trace_number >= MOST_TRACE_LINES and event not in _ALWAYS_TOLD:
            if not self._left_out:
                log.warning("the trace of a call is full", call=self.call.queue_id, lines=MOST_TRACE_LINES)
            self._left_out += 1
            return
        self.call.trace_number += 1
        line = TraceLine(self.call.queue_id, self.call.trace_number, self._log_targets.now(), event, fields)
        self._trace.append(line)
        self._log_targets.feed.publish(self.call, line)

    def save(self) -> None:
        """Have the call's present state and the trace so far stored."""
        self._write(None)

    def dialling(self) -> None:
        """The network is about to be asked to ring: stored and posted."""
        with self._changing():
            self.call.dialling()
            self.note("dialling", number=self.call.their_number, attempt=self.call.tries)
            self._post("call.dialling")

    def progressed(self) -> None:
        """The network has told that it is under way: stored and posted."""
        with self._changing():
            self.call.progressed()
            self._post("call.progress")

    def rings(self) -> None:
        """It rings at the callee: stored and posted."""
        with self._changing():
            self.call.rings()
            self.note("ringing")
            self._post("call.ringing")

    def answered(self, at: datetime) -> None:
        """The call was answered at this moment: stored and posted."""
        with self._changing():
            self.call.answered(at)
            self.note("answered")
            self._post("call.answered")

    @property
    def transfer(self) -> TransferState:
        """How the last transfer of the call stands."""
        return self.call.transfer

    @property
    def has_leg(self) -> bool:
        """Whether the other party of the transfer under way has answered."""
        return self.call.leg is not None

    def transfer_became(
        self, transfer: Literal["ringing", "bridged", "failed"], *, number: str = "", route: str = ""
    ) -> None:
        """How a transfer of the call stands now: stored; that both talk is posted of an outgoing call.

        Stored at once, since a transfer can last for hours: a controller that takes the call over must know of the leg,
        whose lease it renews and whose minutes it meters. One that failed is stored with the script's next state.

        number, route: of one that is bridged, whom it leads to, and through which trunk.
        """
        with self._changing():
            match transfer:
                case "ringing":
                    self.call.transfer_rings()
                    self._write(None)
                case "bridged":
                    was = self.call.transfer
                    self.call.transfer_bridged()
                    self.call.leg_answered(try_number(number) or number, route, self._log_targets.now())
                    if self.call.outgoing and was != "bridged":
                        self._post("call.transferred")
                    else:
                        self._write(None)
                case "failed":
                    self.call.transfer_failed()
            self._meter_leg()

    def conference_joined(self, *, started: bool) -> None:
        """The call is in a conference room, as the first or not: stored and posted."""
        with self._changing():
            self.call.conference_joined(started=started)
            self._post("call.conference-started" if started else "call.conference-joined")

    def effect_over(self) -> None:
        """A transfer, or a conference, is over: stored with the next state."""
        if self.call.state is not CallState.ANSWERED:
            with self._changing():
                self.call.effect_over()
                self._meter_leg()

    def waits_again(self, code: ResponseCode, seconds: float) -> None:
        """A try was not answered, and another one follows in so many seconds: stored, and posted as queued again.

        The code of the failure stands in the trace only: whoever reads it in a post-back takes the call for over.
        """
        with self._changing():
            self.call.waits_again(self._log_targets.now() + timedelta(seconds=seconds))
            self.note("not_answered", result=_word(code))
            self._post("call.waits-again")

    def not_answered(self, code: ResponseCode) -> None:
        """The last try was not answered, or not made: the call is over."""
        self.ended(_word(code), code)

    def given_back(self, seconds: float = 0.0) -> None:
        """A try was not begun after all, and nobody was called: it is due again in so many seconds, here or elsewhere.

        Where it was posted that somebody is called, it is posted that the call waits again.
        """
        with self._changing():
            was_posted = self.call.dialled
            self.call.given_back(self._log_targets.now() + timedelta(seconds=seconds))
            if was_posted:
                self._post("call.waits-again")
            else:
                self._write(None)

    def ended(
        self, reason: str, code: ResponseCode, *, event: str = "call.completed", at: datetime | None = None
    ) -> None:
        """The call is over: stored, with its usage and its final post-back. at: since when, if that is not now."""
        dialled = self.call.was_dialled
        with self._changing():
            self.call.ended(at or self._log_targets.now(), reason, code)
            self._meter_leg()
            if (usage := call_usage(self.call, dialled=dialled)) is not None:
                self._usage.append(usage)
            if self._left_out:
                self.note("left_out", lines=self._left_out)
            self.note("end", reason=reason)
            self._post(event, final=True)
            if self._log_targets.mailer is not None:
                self._log_targets.mailer.call_ended(self.call, self._state())

    def _meter_leg(self) -> None:
        """A transfer that does not stand any more is used up, until now or the end of the call."""
        if (leg := self.call.leg_over()) is not None:
            ended_at = self.call.ended_at or self._log_targets.now()
            unseen = self._log_targets.leg_ended(leg_id(self.call.queue_id), leg.answered_at)
            self._usage.append(transfer_usage(self.call, leg, min(unseen or ended_at, ended_at)))

    @contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            yield
        except TransitionForbidden:
            log.exception("a change of a call was left out", call=self.call.queue_id)

    def _post(self, event: str, *, final: bool = False) -> None:
        """Have the call stored together with the post-back of its change, if there is a URL for it."""
        state, postback = self._state(), None
        self._take_post_url(state)
        if url := self.call.status_post_url:
            targets = self._log_targets
            postback = call_postback(
                uuid4(),
                self.call,
                state,
                event=event,
                url=url,
                final=final,
                date_format=targets.date_format,
                line=self._line(),
            )
        self._write(postback)

    def _line(self) -> LineFound:
        if not self.call.outgoing:
            return NOTHING_KNOWN
        return self._log_targets.line_of(self.call.their_number, self.call.license_key)

    def _take_post_url(self, state: State) -> None:
        """What the script has set is the call's own: whoever cannot read the state posts there all the same."""
        self.call.status_post_url = state.status_post_url or self.call.status_post_url

    def _write(self, postback: Postback | None) -> None:
        self._take_post_url(self._state())
        trace, self._trace = self._trace, []
        usage, self._usage = self._usage, []
        if usage and self._log_targets.usage is not None:
            self._log_targets.usage.count(usage)
        self._journal.add(self.call, self._state_json, trace=trace, postback=postback, usage=usage)


def _word(code: ResponseCode) -> str:
    return code.name.lower().replace("_", "-")
