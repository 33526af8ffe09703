"""What a SIP MESSAGE holds: its text, out of a body of some type and charset."""

from __future__ import annotations

import codecs
from email.message import Message
from functools import lru_cache

LONGEST_BODY = 16 * 1024
"""Bytes; a hundred segments, and more than any phone sends."""

PLAIN, CPIM = "text/plain", "message/cpim"
_USUAL_TYPE = 100  # characters


class ContentRefused(ValueError):
    """A body that is no text. `reason` is a word for counts, the message is for the log."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def text_in(body: bytes, content_type: str) -> str:
    """The text in a body: plain, or wrapped as RFC 3862 has it (CPIM). An absent type is plain UTF-8.

    Line ends become LF. Raises ContentRefused.
    """
    if len(body) > LONGEST_BODY:
        raise ContentRefused("too-long", f"The body has {len(body)} bytes; at most {LONGEST_BODY} are taken.")
    kind, charset = _content_type(content_type)
    if kind == CPIM:
        body, inner = _unwrapped(body)
        kind, charset = _content_type(inner)
        if kind == CPIM:
            raise ContentRefused("type", "A CPIM message holds another one.")
    if kind != PLAIN:
        raise ContentRefused("type", f"The body is {kind}; only text/plain is a text.")
    return _decoded(body, charset).replace("\r\n", "\n").replace("\r", "\n")


def _content_type(value: str) -> tuple[str, str]:
    """The type in lower case, and the charset parameter."""
    return _usual_type(value) if len(value) <= _USUAL_TYPE else _read_type(value)


@lru_cache(maxsize=256)
def _usual_type(value: str) -> tuple[str, str]:
    # Phones and trunks have a few of them, and each takes as long to read as the rest of a text.
    return _read_type(value)


def _read_type(value: str) -> tuple[str, str]:
    message = Message()
    message["Content-Type"] = " ".join(value.split()) or PLAIN
    charset = message.get_param("charset", "")
    return message.get_content_type(), charset if isinstance(charset, str) else ""


def _unwrapped(body: bytes) -> tuple[bytes, str]:
    """The inner body of a CPIM message and its content type: message headers, MIME headers, and it."""
    plain = body.replace(b"\r\n", b"\n")
    _, separator, rest = plain.partition(b"\n\n")
    head, inner_separator, inner = rest.partition(b"\n\n")
    if not separator or not inner_separator:
        raise ContentRefused("type", "A CPIM message has no body.")
    for line in head.decode(errors="replace").split("\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            return inner, value.strip()
    return inner, PLAIN


def _decoded(body: bytes, charset: str) -> str:
    for name in (charset, "utf-8"):
        try:
            codec = codecs.lookup(name or "utf-8").name
            return body.decode(codec)
        except (LookupError, ValueError):
            continue
    # What says nothing, or something wrong, about itself and is no UTF-8 is what Windows programs write.
    return body.decode("cp1252", errors="replace")
