"""Loops: calls that come in because one of our own calls was transferred to where it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controller.calls.live import LiveCalls
from controller.calls.model.call import Call, transferring_call
from controller.calls.session import CallSession

# A chain of transfers among our numbers may have so many links; each more would be paid for by nobody who talks.
MOST_LINKS = 3
# What comes back and is answered here answers the transfer that it came by, through a carrier within so long a time.
COUPLED_SECONDS = 5.0


class Loops:
    """Knows which of our own transfers a call that comes in has behind it.

    A transfer inside is known by its channel. One that a carrier brings back is known by the caller: at that moment the
    other party of a transfer of the same caller, or one that shows this number, rings. That alone is no proof, as many
    callers withhold their numbers: the transfers before it were answered in the moments in which their calls were.
    """

    def __init__(self, live: LiveCalls) -> None:
        self._live = live
        # The channel of a call that came in, and that of the call whose transfer brought it.
        self._parents: dict[str, str] = {}

    def is_loop(self, channel_id: str, their_number: str) -> bool:
        """Whether a call that comes in now is one link too many."""
        if transferring_call(channel_id) is None and not any(map(_transfers, self._live.sessions())):
            return False  # as nearly always; all calls that come in go through here, however many are in progress
        sessions = {session.line.channel.id: session for session in self._live.sessions()}
        self._parents = {child: parent for child, parent in self._parents.items() if child in sessions}
        chains = {parent: self._links(parent, sessions) + 1 for parent in self._brought_by(channel_id, their_number)}
        if not chains:
            return False
        parent = max(chains, key=lambda each: chains[each])
        self._parents[channel_id] = parent
        return chains[parent] > MOST_LINKS

    def _brought_by(self, channel_id: str, their_number: str) -> Iterator[str]:
        """The channels of the calls whose transfers may have brought this one."""
        queue_id = transferring_call(channel_id)
        for session in self._live.sessions():
            call = session.call
            if queue_id is not None:
                if call.queue_id == queue_id:
                    yield session.line.channel.id
            elif (
                their_number in (call.their_number, call.our_number)
                and session.line.transfer_routes
                and call.transfer == "ringing"
            ):
                yield session.line.channel.id

    def _links(self, channel_id: str, sessions: Mapping[str, CallSession]) -> int:
        """How many transfers in a row have led to this call."""
        links = 0
        while (parent := self._parents.get(channel_id)) in sessions and parent is not None:
            before, after = sessions[parent].call, sessions[channel_id].call
            inside = transferring_call(channel_id) is not None
            # The answer to the newest one may be on its way through the carrier.
            under_way = links == 0 and before.transfer == "ringing"
            if not (inside or under_way or _coupled(before, after)):
                break
            links, channel_id = links + 1, parent
        return links


def _transfers(session: CallSession) -> bool:
    """Whether the call is transferred just now."""
    return bool(session.line.transfer_routes)


def _coupled(parent: Call, child: Call) -> bool:
    """Whether the answer to the child was that of the parent's transfer."""
    if parent.leg is None or child.answered_at is None:
        return False
    return abs((parent.leg.answered_at - child.answered_at).total_seconds()) <= COUPLED_SECONDS
