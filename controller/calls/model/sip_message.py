"""SIP messages of calls as they are kept: which message, between whom, with the headers that explain a call.

Only headers that are named here are kept: credentials (Authorization, RFC 3261, 22.4), and whatever else a message may
carry, are not. Of phone numbers, the middle is left out; of a body, only what SDP says of the media, without its keys
(a=crypto, RFC 4568; ice-pwd, RFC 8839).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from controller.asterisk.hep import Address, CapturedSipMessage, HepPacket
from controller.numbers import mask_number

LONGEST_LINE = 200
LONGEST_TEXT = 2000
_ADDRESSES = ("from", "to", "contact", "diversion", "referred-by", "refer-to")
_HEADERS = (
    *_ADDRESSES,
    *("call-id", "cseq", "user-agent", "server", "reason", "warning", "retry-after", "supported", "require"),
    *("session-expires", "min-se", "content-type"),
)
_MEDIA = re.compile(r"(?:c=|m=|a=(?:rtpmap|fmtp|ptime|sendrecv|sendonly|recvonly|inactive|rtcp-mux)\b)")
_NUMBER = re.compile(r"(?<![\w.])(?<!tag=)\+?\d{7,15}(?![\w.])")
_DISPLAY_NAME = re.compile(r'^\s*(?:"(?:[^"\\]|\\.)*"|[^<"]+)\s*(?=<)')
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class SipMessage:
    """One message. source, destination: addresses with their ports. line: "INVITE sip:…" or "486 Busy Here". text: its
    headers and what it says of media, a line each.
    """

    at: datetime
    source: str
    destination: str
    line: str
    cseq: str
    text: str


def as_kept(packet: HepPacket, message: CapturedSipMessage) -> SipMessage:
    """A message as it is kept."""
    line = f"{message.method} {message.uri}" if message.is_request else f"{message.status} {message.reason}"
    lines = [f"{name}: {_value(name, value)}" for name, value in message.headers if name in _HEADERS]
    if message.header("content-type").lower().startswith("application/sdp"):
        lines += [each for each in message.body.decode(errors="replace").splitlines()[:200] if _MEDIA.match(each)]
    text = "\n".join(_UNPRINTABLE.sub(" ", each)[:LONGEST_LINE] for each in lines)
    return SipMessage(
        at=datetime.fromtimestamp(packet.captured_at, UTC),
        source=_place(packet.source),
        destination=_place(packet.destination),
        line=_UNPRINTABLE.sub(" ", _masked(line))[:LONGEST_LINE].strip(),
        cseq=_UNPRINTABLE.sub(" ", message.header("cseq"))[:60],
        text=text[:LONGEST_TEXT],
    )


def _value(name: str, value: str) -> str:
    return _masked(_DISPLAY_NAME.sub("", value)) if name in _ADDRESSES else value


def _masked(text: str) -> str:
    return _NUMBER.sub(lambda found: mask_number(found[0]), text)


def _place(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}"
