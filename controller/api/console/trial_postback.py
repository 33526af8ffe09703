"""A test post-back: a form like that of a real call or text, signed and delivered as every other one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from controller.api.console.languages import mark
from controller.calls.model.response_codes import ResponseCode
from controller.calls.postback_form import CallStatus, phone_form
from controller.directory.snapshot import LicenseKey
from controller.numbers import national_digits
from controller.postbacks.outbox import Postback
from controller.texts.model.states import TextState
from controller.texts.model.text import Direction, Text
from controller.texts.postback import received_form

EVENTS = {"test.call": mark("a call that came in"), "test.text": mark("a text that came in")}
_NOBODY, _OURS = "+12015550199", "+12015550100"


def trial_postback(key: LicenseKey, url: str, event: str) -> Postback:
    """A test post-back of a licence key. event: one of `EVENTS`. Its numbers are nobody's, its QueueID is 0."""
    now, post_id = datetime.now(UTC), uuid4()
    if event == "test.text":
        text = Text(post_id, key.name, Direction.INCOMING, _OURS, _NOBODY, "This is a test.", TextState.RECEIVED, now)
        form = received_form(text, "")
    else:
        status = CallStatus(
            queue_id=0,
            response_code=int(ResponseCode.INCOMING_CALL_COMPLETE),
            start_time=now - timedelta(seconds=30),
            end_time=now,
            duration_seconds=30,
            machine_detection="",
            digits_dialed="1",
            incoming=True,
            caller_id=national_digits(_NOBODY),
            phone_number=national_digits(_OURS),
        )
        form = phone_form(status, date_format="us")
    return Postback(post_id, f"test:{post_id}", 1, event, final=True, license_key=key.name, url=url, form=form)
