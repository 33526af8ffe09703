"""The states of a text, and which may follow which. SQL stores what is decided here and decides nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class TextState(StrEnum):
    """Where a text stands.

    queued: waits to be sent, from `due_at` on. held: waits for the end of the quiet hours, until `due_at`. sending:
    handed to Asterisk, without a result yet. accepted: the far side took it (2xx). refused: the far side refused it,
    with `sip_status`. unknown: no answer came, so nobody can tell whether it arrived; it is not sent again. cancelled:
    by its customer, before it was sent. expired: its phone did not register in time. blocked: its recipient opted out
    before it was sent. received: came in.
    """

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    RECEIVED = "received"

    @property
    def waits(self) -> bool:
        """Whether it is still to be sent, and can be cancelled."""
        return self in (TextState.QUEUED, TextState.HELD)

    @property
    def is_final(self) -> bool:
        """Whether nothing follows any more."""
        return not TRANSITIONS[self]

    @property
    def left(self) -> bool:
        """Whether the text went out, as far as anybody can tell: a reply can belong to it."""
        return self in (TextState.SENDING, TextState.ACCEPTED, TextState.UNKNOWN)


_NEVER_SENT = frozenset({TextState.CANCELLED, TextState.EXPIRED, TextState.BLOCKED})

TRANSITIONS: Mapping[TextState, frozenset[TextState]] = MappingProxyType(
    {
        TextState.QUEUED: _NEVER_SENT | {TextState.HELD, TextState.SENDING},
        TextState.HELD: _NEVER_SENT | {TextState.HELD, TextState.SENDING},
        # Waiting again: it was not handed over after all, or was refused for now.
        TextState.SENDING: frozenset(
            {
                TextState.ACCEPTED,
                TextState.REFUSED,
                TextState.UNKNOWN,
                TextState.QUEUED,
                TextState.HELD,
                TextState.EXPIRED,
            }
        ),
        TextState.ACCEPTED: frozenset(),
        TextState.REFUSED: frozenset(),
        TextState.UNKNOWN: frozenset(),
        TextState.CANCELLED: frozenset(),
        TextState.EXPIRED: frozenset(),
        TextState.BLOCKED: frozenset(),
        TextState.RECEIVED: frozenset(),
    }
)
"""What may follow each state."""


def may_become(state: TextState, following: TextState) -> bool:
    """Whether a text in `state` may become `following`."""
    return following in TRANSITIONS[state]


TRIES_AT_MOST = 3
"""How often a text is sent that the far side refuses for now: CDYNE's three times in total."""

RETRY_SECONDS = (60.0, 300.0)
"""How long a text waits after its first and its second refusal."""

# RFC 3261 section 21: refusals that may be over in a while. A busy or absent phone answers the same way to a text.
_FOR_NOW = frozenset({408, 413, 429, 480, 486, 491, 500, 502, 503, 504})


def after_refusal(sip_status: int, tries: int) -> float | None:
    """In how many seconds a text that was refused so is sent again, having been sent `tries` times; None for never."""
    if sip_status not in _FOR_NOW or tries >= TRIES_AT_MOST:
        return None
    return RETRY_SECONDS[min(tries, len(RETRY_SECONDS)) - 1]
