"""How a call stands, in Phone Notify!'s words."""

from __future__ import annotations

from dataclasses import replace

from controller.api.phone_notify.answers import of_standing
from controller.calls.store.call_status import CallStanding
from controller.ivr.message import compile_message

CALL = CallStanding(
    queue_id=1000000001,
    license_key="acme",
    response_code=1,
    tries=1,
    begun_at=None,
    answered_at=None,
    ended_at=None,
    digits="",
    machine_detection="",
    variables={},
    script="Hello ~^chime~",
    country="US",
)


def test_the_text_that_was_asked_for_is_told_to_who_asks_for_more() -> None:
    assert of_standing(CALL, advanced=True).text_to_say == "Hello ~^chime~"
    assert of_standing(CALL).text_to_say is None


def test_what_ringpost_itself_compiled_is_told_to_nobody() -> None:
    message = compile_message("welcome", 10)
    assert of_standing(replace(CALL, script=message.source), advanced=True).text_to_say is None
