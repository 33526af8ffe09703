"""Loops: calls that come in because one of our own calls was transferred to where it came from."""

from __future__ import annotations

from controller.calls.live import LiveCalls
from controller.calls.model.call import transferring_call
from controller.calls.session import CallSession

# A chain of transfers among our numbers may have so many links; each more would be paid for by nobody who talks.
MOST_LINKS = 3


class Loops:
    """Counts how many of our own transfers a call that comes in has behind it."""

    def __init__(self, live: LiveCalls) -> None:
        self._live = live
        self._links: dict[str, int] = {}

    def is_loop(self, channel_id: str, our_number: str, their_number: str) -> bool:
        """Whether a call that comes in now is one link too many.

        A transfer inside is known by its channel. One that a carrier brings back is known by this: at the moment a call
        of the same caller to the same number rings at the other party of its transfer.
        """
        parent = self._parent(channel_id, our_number, their_number)
        if parent is None:
            return False
        links = self._links.get(parent.line.channel.id, 0) + 1
        self._links = {known: count for known, count in self._links.items() if known in self._live}
        self._links[channel_id] = links
        return links > MOST_LINKS

    def _parent(self, channel_id: str, our_number: str, their_number: str) -> CallSession | None:
        queue_id = transferring_call(channel_id)
        for session in self._live.sessions():
            call = session.call
            if queue_id is not None:
                if call.queue_id == queue_id:
                    return session
            elif (
                (call.our_number, call.their_number) == (our_number, their_number)
                and session.line.transfer_routes
                and call.transfer == "ringing"
            ):
                return session
        return None
