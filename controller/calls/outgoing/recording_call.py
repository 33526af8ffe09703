"""A call by which somebody records a sound: it asks for the message, records it after a tone, and plays it back."""

from __future__ import annotations

from controller.calls.model.order import Order

LONGEST_SECONDS = 120
SILENCE_SECONDS = 5


def recording_order(number: str, sound_id: str, *, caller_id: str = "") -> Order:
    """The order of such a call. sound_id: what the sound is to be called; whoever asks has checked that it may be.

    caller_id: the number that the call shows; empty for none.
    """
    script = (
        r"~\QuickStart()~ Please record your message after the tone. Press pound when you are done. ~\Beep()~"
        rf"~\RecordAndSaveAs({sound_id}|{LONGEST_SECONDS}|{SILENCE_SECONDS})~ Your message was recorded: ~^{sound_id}~"
    )
    return Order(number, script, caller_id=caller_id, caller_id_name=sound_id)
