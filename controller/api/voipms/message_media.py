"""Media of messages: URLs stay as they are, files are stored, and both travel as links."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from urllib.parse import quote
from uuid import uuid4

from controller.api.bindings.refusal import Refused
from controller.api.sms_notify.media import LINK_PATH, SHOWN_TYPES, UNKNOWN_TYPE
from controller.api.store.media import MediaStore
from controller.directory.snapshot import LicenseKey

LARGEST_FILE = 1_300_000
"""Bytes: what the vendor takes."""

_URL = re.compile(r"https?://[^\s\x00-\x1f\x7f]{1,2000}", re.IGNORECASE)
_DATA_URL = re.compile(r"data:([a-z0-9.+-]+/[a-z0-9.+-]+)?[^,]{0,200}?;base64,", re.IGNORECASE)
_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"GIF8", "image/gif", "gif"),
    (b"%PDF-", "application/pdf", "pdf"),
)


class MessageMedia:
    """public_url: where phones reach Ringpost; empty for the address of the request."""

    def __init__(self, store: MediaStore, public_url: str = "") -> None:
        self._store = store
        self._public_url = public_url.rstrip("/")

    async def links(self, key: LicenseKey, given: Sequence[str], base_url: str) -> list[str]:
        """The links of media, each a URL, a data URL or base64. Refused; StoreError."""
        # All are read before one is stored, so that a message that is refused leaves nothing behind.
        files = [text.strip() if _URL.fullmatch(text.strip()) else _file(text) for text in given]
        links = []
        for file in files:
            if isinstance(file, str):
                links.append(file)
                continue
            content, mime_type, ending = file
            stored = await self._store.add(key.name, uuid4(), f"media.{ending}", mime_type, ["mms"], content)
            if stored is None:
                raise Refused("exceeds_file_size", "The account has no room left for media.")
            name = quote(stored.file_name, safe="")
            links.append(f"{self._public_url or base_url}{LINK_PATH}/{stored.token}/{name}")
        return links


def _file(text: str) -> tuple[bytes, str, str]:
    """The content, the type and the ending of a file. Refused."""
    named = _DATA_URL.match(text.strip())
    encoded = "".join((text.strip()[named.end() :] if named else text).split())
    if len(encoded) > LARGEST_FILE * 4 // 3 + 4:
        raise Refused("exceeds_file_size")
    try:
        plain = encoded.replace("-", "+").replace("_", "/")
        content = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Refused("invalid_file", "A medium is a URL, a data URL or base64.") from None
    if not content or len(content) > LARGEST_FILE:
        raise Refused("exceeds_file_size" if content else "invalid_file")
    for signature, mime_type, ending in _SIGNATURES:
        if content.startswith(signature):
            return content, mime_type, ending
    mime_type = (named[1] or "").lower() if named else ""
    if SHOWN_TYPES.fullmatch(mime_type):
        return content, mime_type, re.sub(r"[^a-z0-9]", "", mime_type.partition("/")[2])[:10] or "bin"
    return content, UNKNOWN_TYPE, "bin"
