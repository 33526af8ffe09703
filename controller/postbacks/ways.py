"""Ways: how a post-back is handed over. Most are forms; texts that come in may go other ways besides.

A way is known by the post-back's event, so that what waits in the outbox says by itself how it is sent.
"""

from __future__ import annotations

from enum import Enum

HALF_AN_HOUR = 1800.0
# Three days.
MOST_CALLBACKS = 144


class Way(Enum):
    """How a post-back is handed over; the value is its event, where only that has this way."""

    FORM = ""
    """POST of a form."""
    JSON = "text.webhook"
    """POST of JSON."""
    FETCH = "text.callback"
    """GET: what there is to tell stands in the URL."""
    FETCH_UNTIL_OK = "text.callback-until-ok"
    """GET, every half an hour until the answer contains the letters "ok"."""
    MAIL = "text.mail"
    """A mail; the URL is a mailto:, the body is that of the mail."""

    @property
    def has_url(self) -> bool:
        """Whether it goes to a URL."""
        return self is not Way.MAIL

    @property
    def fetches(self) -> bool:
        """Whether it is a GET."""
        return self in (Way.FETCH, Way.FETCH_UNTIL_OK)


_WAYS = {way.value: way for way in Way if way.value}


def way_of(event: str) -> Way:
    """How a post-back of this event is handed over."""
    return _WAYS.get(event, Way.FORM)


def says_ok(body: bytes) -> bool:
    """Whether a page says that it took a text: the letters "ok" anywhere, in any case."""
    return b"ok" in body.lower()
