"""What the network tells of a call that is dialled: that it rings, the answer, or why there was none."""

from __future__ import annotations

from controller.asterisk.ari.events import Event
from controller.calls.model.response_codes import ResponseCode, not_answered
from controller.calls.model.states import CallState
from controller.calls.session import CallSession


def is_answer(session: CallSession, event: Event) -> bool:
    """Whether this is the answer; that it rings is reported."""
    if event.type != "Dial" or event.channel_id != session.call.channel_id:
        return False
    if event.dial_status == "RINGING":
        rings(session)
    elif event.dial_status == "PROGRESS" and session.call.response_code is ResponseCode.DIALING:
        session.call_log.progressed()
    return event.dial_status == "ANSWER"


def rings(session: CallSession) -> None:
    """Write down that it rings, once a try."""
    if session.call.state is CallState.DIALLING:
        session.call_log.rings()


def why_not_answered(session: CallSession) -> ResponseCode:
    """With what a try ends that nobody answered, by the cause and the SIP status of its hang-up."""
    rang = session.call.state is CallState.RINGING
    return not_answered(session.line.hangup_cause, session.line.sip_status, rang=rang)
