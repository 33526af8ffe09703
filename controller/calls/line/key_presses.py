"""Key presses as they are told by Asterisk: one press is one digit, whatever carries it.

Some devices send each key twice, as an event in RTP (RFC 4733) and in SIP INFO; some send the end of an event under
another timestamp. Asterisk tells each of them as a digit.
"""

from __future__ import annotations

from controller.asterisk.ari.events import Event

# Who presses the same key again lets go of it for longer. Asterisk keeps digits 45 ms apart, also one that it is told
# twice; a tone that drops out for 40 to 55 ms is still one press.
SHORTEST_GAP_SECONDS = 0.065


class KeyPresses:
    """Tells which digits are presses of their own, by Asterisk's clock: `moment` is when a digit ended."""

    def __init__(self) -> None:
        self._digit = ""
        self._ended = 0.0

    def is_new(self, event: Event) -> bool:
        """Whether a ChannelDtmfReceived is a press, and not the same one told again. Without a time it is."""
        ended = event.moment
        began = ended - event.duration_ms / 1000
        again = bool(ended) and event.digit == self._digit and began < self._ended + SHORTEST_GAP_SECONDS
        self._digit = event.digit
        self._ended = max(self._ended, ended) if again else ended
        return not again
