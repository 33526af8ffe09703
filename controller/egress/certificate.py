"""When a refused certificate ended: read from the server once more, because the refusal does not say."""

from __future__ import annotations

import asyncio
import ssl
from datetime import datetime

from cryptography import x509

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
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc
    except ValueError:
        return None


def how_long_ago(moment: datetime, now: datetime) -> str:
    """ "3 days ago", "2 hours ago", "just now"."""
    seconds = (now - moment).total_seconds()
    for name, length in (("year", 365 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // length)
        if count >= 1:
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"
