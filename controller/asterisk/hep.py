"""HEPv3: every SIP message that Asterisk sends or receives, as its `res_hep_pjsip` mirrors it to a UDP port of ours.

The format is that of the "HEP/EEP version 3" specification of sipcapture.org; SIP is read as RFC 3261 has it, as far
as is needed to tell which request or response a message is.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import re
import socket
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

log = structlog.get_logger()

_HEADER = struct.Struct("!4sH")
_LONGEST_NUMBER = 4
_BUFFER_BYTES = 4 * 1024 * 1024
_CHUNK = struct.Struct("!HHH")
_IPV4_BYTES, _IPV6_BYTES = 4, 16
_END_OF_HEAD = b"\r\n\r\n"
# The header as Asterisk and nearly everybody else spells it. It is found so at a fifteenth of the cost.
_USUAL_CSEQ = b"\nCSeq: "
# The vendor and the kind of the chunk with the correlation id; Asterisk writes it before the payload.
_CORRELATION = b"\x00\x00\x00\x11"
_FIRST_CHUNKS = 400

SIP = 1
"""The capture type of SIP, among those of HEP."""

_COMPACT = {
    "i": "call-id",
    "f": "from",
    "t": "to",
    "v": "via",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "e": "content-encoding",
    "s": "subject",
    "k": "supported",
}


@dataclass(frozen=True, slots=True)
class Address:
    """One end of a packet: an IP address as text, and a port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class HepPacket:
    """What one HEP packet holds. `captured_at`: seconds since 1970; `correlation_id`: with Asterisk, the
    name of the channel, or the Call-ID of what has none (yet).
    """

    source: Address
    destination: Address
    captured_at: float
    capture_type: int
    capture_agent: int
    correlation_id: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class CapturedSipMessage:
    """A SIP request or response.

    `method` is the request's, and empty in a response; `status` is the response's, and 0 in a request. `cseq_method`
    tells what a response answers. The names in `headers` are in lower case and full.
    """

    method: str
    uri: str
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def is_request(self) -> bool:
        return self.status == 0

    def header(self, name: str) -> str:
        """The first value of this header, whatever the case of `name`; empty when there is none."""
        wanted = name.lower()
        return next((value for known, value in self.headers if known == wanted), "")

    @property
    def call_id(self) -> str:
        return self.header("call-id")

    @property
    def cseq_number(self) -> int:
        number = self.header("cseq").split(" ", 1)[0]
        return int(number) if number.isascii() and number.isdigit() else 0

    @property
    def cseq_method(self) -> str:
        return self.header("cseq").partition(" ")[2].strip()


def parse_packet(data: bytes) -> HepPacket | None:
    """A HEPv3 packet; None when it is not one."""
    if len(data) < _HEADER.size:
        return None
    magic, length = _HEADER.unpack_from(data)
    if magic != b"HEP3" or length > len(data):
        return None
    chunks: dict[int, bytes] = {}
    position = _HEADER.size
    while position < length:
        if position + _CHUNK.size > length:
            return None
        vendor, kind, size = _CHUNK.unpack_from(data, position)
        if size < _CHUNK.size or position + size > length:
            return None
        if vendor == 0:
            chunks[kind] = data[position + _CHUNK.size : position + size]
        position += size
    return HepPacket(
        source=_address(chunks, (3, 5), 7),
        destination=_address(chunks, (4, 6), 8),
        captured_at=_number(chunks, 9) + _number(chunks, 10) / 1_000_000,
        capture_type=_number(chunks, 11),
        capture_agent=_number(chunks, 12),
        correlation_id=chunks.get(17, b"").decode(errors="replace").rstrip("\0"),
        payload=chunks.get(15, b""),
    )


def correlation_of(data: bytes) -> bytes:
    """The correlation id of a HEPv3 packet, without reading the rest of it; empty when it has none."""
    found = data.find(_CORRELATION, _HEADER.size, _FIRST_CHUNKS)
    if found < 0:
        return b""
    size = int.from_bytes(data[found + 4 : found + 6], "big")
    return data[found + 6 : found + size].rstrip(b"\0")


def _number(chunks: dict[int, bytes], kind: int) -> int:
    packed = chunks.get(kind, b"")
    # The numbers of HEPv3 have at most four bytes; a damaged length makes a number that nothing can hold.
    return int.from_bytes(packed, "big") if len(packed) <= _LONGEST_NUMBER else 0


def _address(chunks: dict[int, bytes], hosts: tuple[int, int], port: int) -> Address:
    packed = next((chunks[kind] for kind in hosts if kind in chunks), b"")
    if len(packed) == _IPV4_BYTES:
        host = socket.inet_ntop(socket.AF_INET, packed)
    else:
        host = str(ipaddress.IPv6Address(packed)) if len(packed) == _IPV6_BYTES else ""
    return Address(host, _number(chunks, port))


def parse_sip(payload: bytes) -> CapturedSipMessage | None:
    """A SIP message (RFC 3261 section 7); None when it is not one."""
    head, _, body = payload.partition(b"\r\n\r\n")
    first, *lines = head.decode("utf-8", errors="replace").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2:
        return None
    method, uri, status, reason = words[0], words[1], 0, ""
    if words[0] == "SIP/2.0":
        if not (len(words[1]) == 3 and words[1].isascii() and words[1].isdigit() and words[1] >= "100"):
            return None
        method, uri, status, reason = "", "", int(words[1]), words[2] if len(words) == 3 else ""
    elif len(words) != 3 or words[2] != "SIP/2.0":
        return None
    return CapturedSipMessage(method, uri, status, reason, _headers(lines), body)


def _headers(lines: list[str]) -> tuple[tuple[str, str], ...]:
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and headers:
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            headers.append((_COMPACT.get(name, name), value.strip()))
    return tuple(headers)


SipHandler = Callable[[HepPacket, CapturedSipMessage], None]


class HepReceiver(asyncio.DatagramProtocol):
    """Takes HEP packets on a UDP port and gives their SIP messages to handlers, which must be quick.

    What cannot be read is counted and passed over.
    """

    def __init__(self, *, methods: Iterable[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        """methods: only their requests and responses are read ("MESSAGE"); none for all. clock: seconds.

        A call is told in a dozen SIP messages: to read them for nothing costs as much as a tenth of the call.
        """
        wanted = "|".join(methods).encode()
        self._wanted = re.compile(rb"^cseq[ \t]*:\s*\d+\s+(?:%b)\b" % wanted, re.IGNORECASE | re.MULTILINE)
        self._wanted_as_usual = re.compile(rb"\s*\d+\s+(?:%b)\b" % wanted, re.IGNORECASE)
        self._reads_all = not wanted
        self._clock = clock
        self._last_packet_at = -math.inf
        self._handlers: list[SipHandler] = []
        self._taps: list[Callable[[bytes], None]] = []
        self._transport: asyncio.DatagramTransport | None = None
        self.messages = 0
        self.unreadable = 0

    def on_sip(self, handler: SipHandler) -> None:
        self._handlers.append(handler)

    def on_packet(self, handler: Callable[[bytes], None]) -> None:
        """Call `handler` with every packet, unread: it must be quick, and not raise."""
        self._taps.append(handler)

    async def start(self, *, host: str = "127.0.0.1", port: int) -> int:
        """Listen; gives the port (the one that was free, for 0). Raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))
        # A burst of calls must not fill the buffer while something else is done: what is lost is not sent again.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        self._transport = transport
        return int(transport.get_extra_info("sockname")[1])

    def heard_within(self, seconds: float) -> bool:
        """Whether Asterisk mirrored anything to this port in the last seconds."""
        return self._clock() - self._last_packet_at <= seconds

    def stop(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:  # noqa: ARG002
        self._last_packet_at = self._clock()
        for tap in self._taps:
            tap(data)
        if not self._reads_all and not self._is_wanted(data):
            return
        packet = parse_packet(data)
        if packet is not None and packet.capture_type != SIP:
            return
        message = None if packet is None else parse_sip(packet.payload)
        if packet is None or message is None:
            self.unreadable += 1
            return
        self.messages += 1
        for handler in self._handlers:
            try:
                handler(packet, message)
            except Exception:
                log.exception("A handler of a SIP message failed")

    def _is_wanted(self, data: bytes) -> bool:
        """Whether the message is, or answers, one of the wanted methods."""
        place = data.find(_USUAL_CSEQ)
        # What stands behind the head was written by whoever sent the message, and is no header.
        if place >= 0 and data.find(_END_OF_HEAD, 0, place) < 0:
            return self._wanted_as_usual.match(data, place + len(_USUAL_CSEQ)) is not None
        return self._wanted.search(data) is not None

    def error_received(self, exc: Exception) -> None:
        log.warning("Receiving SIP messages failed once", reason=str(exc))
