"""A carrier for calls by the thousand: each is answered, and hung up by the far side after a while, or found busy.

It sends and takes no media. Who is busy says the last digit of the number.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

BUSY = frozenset("13579")
RINGS_SECONDS, TALKS_SECONDS = 0.1, 0.3
_USER = re.compile(r"sips?:\+?([^@;>]+)@")
_URI = re.compile(r"<([^>]+)>")
_REPEATED = ("via", "from", "to", "call-id", "cseq")


@dataclass
class _Leg:
    """One call that came: the headers of its INVITE by their names in lower case, and the answer that was given."""

    address: tuple[str, int]
    headers: dict[str, list[str]]
    answer: str = ""
    over: bool = False


@dataclass
class BusyCarrier(asyncio.DatagramProtocol):
    """One user agent on one address. called: how often each number was."""

    host: str
    port: int
    called: Counter[str] = field(default_factory=Counter)
    _legs: dict[str, _Leg] = field(default_factory=dict)
    _later: set[asyncio.TimerHandle] = field(default_factory=set)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def close(self) -> None:
        """Let go of everything."""
        for timer in self._later:
            timer.cancel()
        self._transport.close()

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """A request, or a response to the BYE."""
        lines = data.decode(errors="replace").partition("\r\n\r\n")[0].split("\r\n")
        method, _, rest = lines[0].partition(" ")
        headers: dict[str, list[str]] = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), []).append(value.strip())
        call_id = headers.get("call-id", [""])[0]
        match method:
            case "INVITE":
                self._invited(call_id, rest, headers, address)
            case "ACK":
                self._confirmed(call_id)
            case "CANCEL":
                self._send(self._response(headers, "200 OK"), address)
                self._refuse(call_id, "487 Request Terminated")
            case "BYE" | "OPTIONS":
                self._send(self._response(headers, "200 OK"), address)
                if leg := self._legs.get(call_id):
                    leg.over = True

    def _invited(self, call_id: str, uri: str, headers: dict[str, list[str]], address: tuple[str, int]) -> None:
        if known := self._legs.get(call_id):
            if known.answer:
                self._send(known.answer, address)
            return
        self._legs[call_id] = _Leg(address, headers)
        found = _USER.search(uri)
        number = found[1] if found else ""
        self.called[number] += 1
        self._send(self._response(headers, "180 Ringing"), address)
        if number[-1:] in BUSY:
            self._soon(RINGS_SECONDS, self._refuse, call_id, "486 Busy Here")
        else:
            self._soon(RINGS_SECONDS, self._take, call_id)

    def _take(self, call_id: str) -> None:
        leg = self._legs[call_id]
        if not leg.answer:
            body = (
                f"v=0\r\no=- 1 1 IN IP4 {self.host}\r\ns=-\r\nc=IN IP4 {self.host}\r\nt=0 0\r\n"
                "m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
            )
            leg.answer = self._response(leg.headers, "200 OK", body)
            self._send(leg.answer, leg.address)

    def _refuse(self, call_id: str, status: str) -> None:
        leg = self._legs.get(call_id)
        if leg and not leg.answer:
            leg.answer, leg.over = self._response(leg.headers, status), True
            self._send(leg.answer, leg.address)

    def _confirmed(self, call_id: str) -> None:
        leg = self._legs.get(call_id)
        if leg and not leg.over:
            leg.over = True
            self._soon(TALKS_SECONDS, self._hang_up, call_id)

    def _hang_up(self, call_id: str) -> None:
        leg = self._legs[call_id]
        contact = _URI.search(leg.headers["contact"][0])
        uri = contact[1] if contact else leg.headers["contact"][0]
        self._send(
            f"BYE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {self.host}:{self.port};branch=z9hG4bK{call_id[:30]}\r\n"
            f"From: {leg.headers['to'][0]};tag=carrier\r\nTo: {leg.headers['from'][0]}\r\nCall-ID: {call_id}\r\n"
            "CSeq: 1 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            leg.address,
        )

    def _response(self, headers: dict[str, list[str]], status: str, body: str = "") -> str:
        lines = [f"SIP/2.0 {status}"]
        for name in _REPEATED:
            for value in headers.get(name, []):
                tagged = f"{value};tag=carrier" if name == "to" and ";tag=" not in value else value
                lines.append(f"{name}: {tagged}")
        if body:
            lines += [f"Contact: <sip:carrier@{self.host}:{self.port}>", "Content-Type: application/sdp"]
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])

    def _soon(self, seconds: float, act: object, *values: str) -> None:
        def now() -> None:
            self._later.discard(timer)
            act(*values)  # type: ignore[operator]

        timer = asyncio.get_running_loop().call_later(seconds, now)
        self._later.add(timer)

    def _send(self, text: str, address: tuple[str, int]) -> None:
        self._transport.sendto(text.encode(), address)


@asynccontextmanager
async def busy_carrier(host: str, port: int) -> AsyncIterator[BusyCarrier]:
    """A carrier at this address, over UDP."""
    _, carrier = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: BusyCarrier(host, port), local_addr=(host, port)
    )
    try:
        yield carrier
    finally:
        carrier.close()
