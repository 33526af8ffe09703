"""A call that comes in, as the dialplan hands it over: what was dialled, and whether the caller wants to be known.

The dialplan's part is asterisk-config/extensions.conf.j2. What a stranger wrote comes in base64.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass

from controller.asterisk.ari.events import Event

# In what CALLERID(num-pres) tells of a number that is not to be shown.
_HIDDEN = "prohib"
# Where a Remote-Party-ID (an expired draft that carriers still send) hides the number; `name` hides the name only.
_HIDDEN_PARTY = re.compile(r";\s*privacy\s*=\s*\"?[a-z-]*(?:full|uri)", re.IGNORECASE)
_CALLED_PARTY = re.compile(r";\s*party\s*=\s*\"?called", re.IGNORECASE)
# The host that a caller who hides writes into From (RFC 3323, 4.1).
_NO_HOST = re.compile(r"@anonymous\.invalid\b", re.IGNORECASE)
# What the dialplan writes between the headers.
_SEPARATOR = "|ringpost|"


@dataclass(frozen=True, slots=True)
class Arrival:
    """dialled: the number or name that was called. withheld: whether the caller's number is not to be shown.

    tag: Asterisk's own tag of the dialog, which nobody but the caller is told, as long as the call is to be answered;
    empty where it came with none, and for a call that was answered before (its controller died): its ACK is past.
    codecs: what Asterisk would send, e.g. "(g722)"; empty where an older dialplan does not tell.
    owner: of a telephone in a browser, the licence key whose numbers it may call; empty for everybody else.
    """

    dialled: str
    withheld: bool
    tag: str
    codecs: str = ""
    owner: str = ""

    @classmethod
    def of(cls, event: Event) -> Arrival:
        """What a StasisStart tells."""
        _, dialled, presentation, _, wishes, tag, codecs, owner, *_ = (*event.args, *("",) * 8)
        withheld = _HIDDEN in presentation or _hides(_decoded(wishes))
        return cls(dialled, withheld, "" if event.channel_state == "Up" else tag, codecs, _decoded(owner))


def _decoded(wishes: str) -> str:
    try:
        return b64decode(wishes).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _hides(wishes: str) -> bool:
    """Whether any of the headers Privacy (RFC 3323, 3325), Remote-Party-ID and From hides the number."""
    privacy, party, sender = (*wishes.split(_SEPARATOR, 2), "", "", "")[:3]
    wanted = {each.strip().lower() for each in privacy.split(";")} - {"", "none", "critical"}
    hidden_party = _HIDDEN_PARTY.search(party) is not None and _CALLED_PARTY.search(party) is None
    return bool(wanted) or hidden_party or _NO_HOST.search(sender) is not None
