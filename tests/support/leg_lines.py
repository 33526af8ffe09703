"""Lines of Asterisk's log of legs, as asterisk-config/cel_custom.conf.j2 has them."""

from __future__ import annotations

import base64
from datetime import datetime


def _encoded(text: str) -> str:
    return base64.b64encode(f".{text}".encode()).decode()


def answer_line(
    channel_id: str,
    at: datetime,
    *,
    channel: str = "PJSIP/carrier-00000001",
    application: str = "Stasis",
    arguments: str = "ringpost,incoming,+12015550101,allowed_not_screened,,,",
    presentation: str = "allowed_not_screened",
    caller: str = "12125550123",
    called: str = "",
) -> str:
    """A channel was answered."""
    rest = f"{channel},{application},{_encoded(arguments)},{presentation},{_encoded(caller)},{_encoded(called)}"
    return f"ANSWER,{at.timestamp():.6f},{channel_id},{rest}"


def end_line(channel_id: str, at: datetime) -> str:
    """A channel is over."""
    nothing = _encoded("")
    return f"CHAN_END,{at.timestamp():.6f},{channel_id},PJSIP/carrier-00000001,,{nothing},,{nothing},{nothing}"
