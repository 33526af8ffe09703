"""Message waiting (MWI, RFC 3842): Asterisk is told what lies in a mailbox, and tells the phones that show it.

It tells a phone when the phone registers, and whenever this changes, asked (SUBSCRIBE) or not. A channel that is never
answered runs the dialplan's part (asterisk-config/extensions.conf.j2); Debian's Asterisk has no other way in.
"""

from __future__ import annotations

import secrets

from controller.asterisk.ari.client import AriClient
from controller.asterisk.configuration import MAILBOX
from controller.errors import ConfigurationError

CONTEXT = "ringpost-mwi"
VARIABLE = "RINGPOST_MWI"
_SECONDS = 5


async def tell_waiting(ari: AriClient, mailbox: str, new: int, old: int) -> None:
    """Tell Asterisk how many messages of a mailbox (`101@acme`) were not heard, and how many were. AsteriskError."""
    if MAILBOX.fullmatch(mailbox) is None:
        raise ConfigurationError(f"{mailbox!r} cannot be the name of a mailbox in Asterisk.")
    await ari.channels.originate(
        endpoint=f"Local/s@{CONTEXT}/n",
        channel_id=f"{CONTEXT}-{secrets.token_hex(8)}",
        context=CONTEXT,
        extension="done",
        priority=1,
        timeout_seconds=_SECONDS,
        variables={VARIABLE: f"{mailbox},0,{new},{old}"},
    )
