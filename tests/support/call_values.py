"""Calls as values, in the states that tests need them in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from controller.calls.call_log import CallLog, CallLogTargets
from controller.calls.feed import CallFeed
from controller.calls.model.call import Call
from controller.calls.model.response_codes import ResponseCode
from controller.calls.store.call_entries import WrittenCall
from controller.script.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.calls.store.journal import Journal

AT = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
QUEUE_ID = 1000000001
POST_URL = "http://127.0.0.1:1/post"


def an_incoming_call(queue_id: int = QUEUE_ID, *, channel_id: str = "channel") -> Call:
    """It rings here."""
    return Call.incoming(
        queue_id,
        license_key="acme",
        our_number="+12015550101",
        their_number="+12015550199",
        channel_id=channel_id,
        program="hash",
        at=AT,
        status_post_url=POST_URL,
        route="",
    )


def a_queued_call(queue_id: int = QUEUE_ID) -> Call:
    """It is due."""
    return Call.queued(
        queue_id,
        license_key="acme",
        our_number="",
        their_number="+12015550199",
        program="hash",
        at=AT,
        due_at=AT,
        status_post_url=POST_URL,
        route="",
    )


def an_answered_call(queue_id: int = QUEUE_ID, *, outgoing: bool = False, channel_id: str = "channel") -> Call:
    """Its script runs."""
    if outgoing:
        call = a_queued_call(queue_id)
        call.claimed(AT)
        call.dialling()
    else:
        call = an_incoming_call(queue_id, channel_id=channel_id)
    call.answered(AT)
    return call


class WrittenLog:
    """A call's log without a journal, and what it has written."""

    def __init__(self, call: Call, state: Callable[[], State] = State) -> None:
        self.written = WrittenCall()
        targets = CallLogTargets(cast("Journal", None), CallFeed(), lambda: AT)
        self.log = CallLog(targets, call, state, journal=self.written)

    @property
    def posted(self) -> list[tuple[str, ResponseCode]]:
        """The event and the code of each post-back so far."""
        postbacks = [] if self.written.is_empty else self.written.entry.postbacks
        return [(each.event, ResponseCode(int(dict(each.form)["ResponseCode"]))) for each in postbacks]

    @property
    def trace(self) -> list[str]:
        """The events of the trace that were stored so far."""
        return [] if self.written.is_empty else [line.event for line in self.written.entry.trace]
