"""When a refused certificate ended: read from the server once more, because the refusal does not say."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime

PROBE_SECONDS = 3.0


async def expiry_of(address: str, port: int, server_name: str) -> datetime | None:
    """The end of the certificate that a server shows; None when it cannot be had. `address`: a checked one.

    Nothing is sent over the unverified connection but the handshake.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=server_name)
            try:
                tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
                certificate = tls.getpeercert(binary_form=True)
            finally:
                writer.transport.abort()
    except (OSError, TimeoutError, ValueError):
        return None
    return not_after(certificate) if certificate else None


def not_after(certificate: bytes) -> datetime | None:
    """The end of a certificate's validity (RFC 5280, 4.1.2.5) from its DER bytes; None when they are not read."""
    try:
        body = _children(_children(certificate)[0][1])[0][1]
        fields = _children(body)
        # version is tagged [0] and may be missing; then follow serialNumber, signature, issuer, validity.
        validity = fields[4 if fields[0][0] == 0xA0 else 3][1]
        tag, text = _children(validity)[1]
    except IndexError:
        return None
    try:
        digits = text.decode("ascii").rstrip("Z")
        if tag == 0x17:
            digits = ("19" if digits[:2] >= "50" else "20") + digits
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _children(data: bytes) -> list[tuple[int, bytes]]:
    """The elements of a DER sequence's content, each its tag and its content. IndexError when it breaks off."""
    found = []
    position = 0
    while position < len(data):
        tag, length = data[position], data[position + 1]
        position += 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[position : position + count], "big")
            position += count
        if position + length > len(data):
            raise IndexError
        found.append((tag, data[position : position + length]))
        position += length
    return found


def how_long_ago(moment: datetime, now: datetime) -> str:
    """ "3 days ago", "2 hours ago", "just now"."""
    seconds = (now - moment).total_seconds()
    for name, length in (("year", 365 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // length)
        if count >= 1:
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"
