"""Frames of a WebSocket that carries SIP (RFC 7118): one message each, of one account."""

from __future__ import annotations

import re

LARGEST_FRAME = 64 * 1024
_FOLDED = re.compile(rb"\r?\n[ \t]+")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_USER = re.compile(rb"sips?:([^@>;?\s\"]*)@", re.IGNORECASE)
_LOGIN_USER = re.compile(rb"\busername\s*=\s*\"?([^\",]*)", re.IGNORECASE)
_AUDIO = re.compile(rb"^m=audio ([1-9][0-9]*) ", re.MULTILINE)
_CANDIDATE = re.compile(rb"^a=candidate:[^\n]*\n", re.MULTILINE)
_LENGTH = re.compile(rb"^((?:Content-Length|l)\s*:\s*)[0-9]+", re.MULTILINE | re.IGNORECASE)
_KEEP_ALIVES = (b"", b"\r\n", b"\r\n\r\n")
_LOGINS = (b"authorization", b"proxy-authorization")


def refusal_of_frame(frame: bytes, account: str) -> str:
    """Why what a browser sent is not passed on to Asterisk; empty for what is the account's own.

    A request must be from the account, log in as nobody else, and be alone in its frame: whoever is let in by the
    console's session shall not try the passwords of other telephones.
    """
    if frame in _KEEP_ALIVES:
        return ""
    ends = _HEAD_END.search(frame)
    if ends is None:
        return "it is not a SIP message"
    start, *lines = _FOLDED.sub(b" ", frame[: ends.start()]).split(b"\n")
    headers: dict[bytes, list[bytes]] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            return "a header cannot be read"
        headers.setdefault(_long_name(name.strip().lower()), []).append(value.strip())
    if headers.get(b"content-length") != [str(len(frame) - ends.end()).encode()]:
        return "its length is not what it says"
    if start.startswith(b"SIP/2.0 "):
        return ""
    own = account.encode()
    senders = headers.get(b"from", [])
    if len(senders) != 1 or _USER.findall(senders[0]) != [own]:
        return "it is from somebody else"
    if any(_LOGIN_USER.findall(value) != [own] for name in _LOGINS for value in headers.get(name, [])):
        return "it logs in as somebody else"
    return ""


def with_candidate(frame: bytes, address: str) -> bytes:
    """A message of Asterisk, with one more address at which its audio may be reached (RFC 8839), as behind NAT.

    address: an IP address that leads to Asterisk's ports unchanged. A message without candidates stays as it is.
    """
    head, gap, body = frame.partition(b"\r\n\r\n")
    audio = _AUDIO.search(body)
    candidates = list(_CANDIDATE.finditer(body))
    if audio is None or not candidates:
        return frame
    # Behind those of its own network (RFC 8445, 5.1.2.1), which are better where they are reached.
    line = b"a=candidate:external 1 udp 1694498815 %s %s typ host\r\n" % (address.encode(), audio[1])
    at = candidates[-1].end()
    longer = body[:at] + line + body[at:]
    return _LENGTH.sub(b"\\g<1>%d" % len(longer), head) + gap + longer


def _long_name(name: bytes) -> bytes:
    """The name of a header that may be written short (RFC 3261, 7.3.3)."""
    return {b"f": b"from", b"l": b"content-length"}.get(name, name)
