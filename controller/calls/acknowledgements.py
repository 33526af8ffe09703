"""Acknowledgements: which answers to calls that came in were confirmed by their callers (ACK, RFC 3261, 13.2.2.4).

Whoever writes a carrier's address on an INVITE is taken for the carrier, but never gets the answer, so cannot confirm
it: the ACK repeats the tag that Asterisk gave the call. Asterisk tells of an ACK only in the SIP that it mirrors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from controller.asterisk.hep import CapturedSipMessage, HepPacket

PATIENCE_SECONDS = 34.0
"""Asterisk ends a call whose answer nobody has confirmed for 64*T1 = 32 s; one that lives on was confirmed."""

SOON_SECONDS = 0.2
"""Callers confirm within the way to them and back; one who takes longer is sent silence meanwhile."""

MIRRORED_SECONDS = 5.0
"""A call's INVITE is mirrored before anybody hears of the call: where nothing came for so long, nothing is mirrored."""

_TAG = re.compile(r";\s*tag\s*=\s*([^;,\s>]+)", re.IGNORECASE)


class Acknowledgements:
    """Tells each call that waits for its ACK. mirrored: whether Asterisk's SIP is heard of now.

    Where none is mirrored, no call waits: nobody could tell it anything. Asterisk mirrors to one controller only.
    """

    def __init__(self, mirrored: Callable[[], bool] = lambda: False) -> None:
        self._mirrored = mirrored
        self._waiting: dict[str, Callable[[], None]] = {}

    @contextmanager
    def awaiting(self, tag: str, confirmed: Callable[[], None]) -> Iterator[bool]:
        """Call `confirmed` for each ACK of this dialog while the context lasts; gives whether one can be told of."""
        if not tag or not self._mirrored():
            yield False
            return
        self._waiting[tag] = confirmed
        try:
            yield True
        finally:
            del self._waiting[tag]

    def on_sip(self, _packet: HepPacket, message: CapturedSipMessage) -> None:
        """A SIP message that went through Asterisk."""
        if message.method != "ACK" or not self._waiting:
            return
        found = _TAG.search(message.header("to"))
        if found and (confirmed := self._waiting.get(found.group(1))):
            confirmed()
