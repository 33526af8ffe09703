"""A SIP and RTP peer for tests with every line and packet in the test's hand: what carriers really send, to the letter.

It keeps no rules of its own. A test gives the request as text; the peer fills in what must fit (Via, Call-ID, tags, the
length of the body), keeps what came back, and counts the RTP that arrives.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from controller.softphone.call_audio import Audio, decode_mulaw
from controller.softphone.rtp import FRAME_SAMPLES, FRAME_SECONDS, RtpPacket
from tests.support.patience import LONGEST_WAIT

T = TypeVar("T")
_SILENCE = b"\xff" * FRAME_SAMPLES
_numbers = itertools.count(1)
# What an answer repeats of a request (RFC 3261, 8.2.6.2).
_REPEATED = frozenset({"via", "from", "to", "call-id", "cseq", "record-route"})


@dataclass(frozen=True, slots=True)
class SipAnswer:
    """One response: its status, its headers (names in lower case, the last of several) and its body."""

    status: int
    headers: Mapping[str, str]
    body: str
    text: str


@dataclass(frozen=True, slots=True)
class SipRequest:
    """One request that came: its method, the headers that an answer repeats, as they stand in it, and all its text."""

    method: str
    repeated: tuple[str, ...]
    text: str


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, receive: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self._receive(data, address)


@dataclass
class SipPeer:
    """One user agent on one address, for one call at a time."""

    address: str
    server: tuple[str, int]
    sip_port: int = 0
    rtp_port: int = 0
    answers: list[SipAnswer] = field(default_factory=list)
    requests: list[SipRequest] = field(default_factory=list)
    heard: list[RtpPacket] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _sip: asyncio.DatagramTransport | None = None
    _rtp: asyncio.DatagramTransport | None = None
    _call: str = ""
    _sent: int = 0  # so many packets of RTP

    def sdp(self, *media: str) -> str:
        """A session description; without `media` lines, one audio stream of PCMU with telephone events."""
        lines = media or (f"m=audio {self.rtp_port} RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000")
        head = ("v=0", "o=- 1 1 IN IP4 " + self.address, "s=-", "c=IN IP4 " + self.address, "t=0 0")
        return "\r\n".join((*head, *lines)) + "\r\n"

    def invite(self, uri: str, *, headers: Mapping[str, str] | None = None, body: str = "") -> None:
        """Send an INVITE. `headers` replace the usual ones of the same name, or are added to them."""
        self._call = f"peer-{next(_numbers)}-{os.getpid()}"
        contact = f"<sip:carrier@{self.address}:{self.sip_port}>"
        usual = {
            "From": f"<sip:13125550199@{self.address}>;tag={self._call}",
            "To": f"<{uri}>",
            "Contact": contact,
            "Content-Type": "application/sdp",
        }
        self._request("INVITE", uri, 1, {**usual, **(headers or {})}, body or self.sdp())

    def acknowledge(self, answer: SipAnswer) -> None:
        """Send the ACK of a 200."""
        self._in_dialog("ACK", 1, answer)

    def hang_up(self, answer: SipAnswer) -> None:
        """Send a BYE within the call that the 200 opened."""
        self._in_dialog("BYE", 2, answer)

    def audio_address(self, answer: SipAnswer) -> tuple[str, int]:
        """Where the other side listens, as its session description says."""
        host = answer.body.partition("c=IN IP4 ")[2].split()[0]
        return host, int(answer.body.partition("m=audio ")[2].split()[0])

    async def asked(self, method: str, timeout: float = LONGEST_WAIT) -> SipRequest:
        """The first request of a method that has come."""
        return await self._until(lambda: next((each for each in self.requests if each.method == method), None), timeout)

    async def asked_by(self, calls: int, method: str, timeout: float = LONGEST_WAIT) -> list[SipRequest]:
        """The first request of a method of each of so many calls, in the order in which they came."""

        def found() -> list[SipRequest] | None:
            first: dict[str, SipRequest] = {}
            for each in self.requests:
                if each.method == method:
                    first.setdefault(next(line for line in each.repeated if line.lower().startswith("call-id:")), each)
            return list(first.values()) if len(first) >= calls else None

        return await self._until(found, timeout)

    def reply(self, request: SipRequest, status: str, body: str = "") -> None:
        """Answer a request, such as "200 OK"; with a session description if there is a body."""
        assert self._sip is not None
        to = next(line for line in request.repeated if line.lower().startswith("to:"))
        lines = [each for each in request.repeated if each is not to]
        lines += [to if ";tag=" in to else f"{to};tag=peer-{os.getpid()}"]
        lines += [f"Contact: <sip:carrier@{self.address}:{self.sip_port}>"]
        lines += ["Content-Type: application/sdp"] if body else []
        head = [f"SIP/2.0 {status}", *lines, f"Content-Length: {len(body.encode())}"]
        self._sip.sendto(("\r\n".join(head) + "\r\n\r\n" + body).encode(), self.server)

    async def final_answer(self, timeout: float = LONGEST_WAIT) -> SipAnswer:
        """The first response of 200 or more."""
        return await self._until(lambda: next((each for each in self.answers if each.status >= 200), None), timeout)

    async def hear(self, packets: int, timeout: float = LONGEST_WAIT) -> list[RtpPacket]:
        """Wait until so many RTP packets have arrived."""
        return await self._until(lambda: self.heard if len(self.heard) >= packets else None, timeout)

    @property
    def audio(self) -> Audio:
        """What was heard of voice, packet after packet, whenever each came."""
        voice = b"".join(packet.payload for packet in self.heard if packet.payload_type == 0)
        return Audio(decode_mulaw(voice), 0.0)

    async def send_silence(self, address: tuple[str, int], seconds: float) -> None:
        """Send packets of silence to where the answer says that it listens."""
        assert self._rtp is not None
        for number in range(round(seconds / FRAME_SECONDS)):
            sent = self._sent
            packet = RtpPacket(0, sent & 0xFFFF, sent * FRAME_SAMPLES, 7, _SILENCE, marker=number == 0)
            self._rtp.sendto(packet.encode(), address)
            self._sent += 1
            await asyncio.sleep(FRAME_SECONDS)

    async def _until(self, found: Callable[[], T | None], timeout: float) -> T:
        async with asyncio.timeout(timeout):
            while (value := found()) is None:
                self._changed.clear()
                await self._changed.wait()
        return value

    def _request(self, method: str, uri: str, number: int, headers: Mapping[str, str], body: str) -> None:
        assert self._sip is not None
        fixed = {
            "Via": f"SIP/2.0/UDP {self.address}:{self.sip_port};branch=z9hG4bK{self._call}{method}{number}",
            "Max-Forwards": "70",
            "Call-ID": self._call,
            "CSeq": f"{number} {method}",
            "Content-Length": str(len(body.encode())),
        }
        lines = [f"{method} {uri} SIP/2.0", *(f"{name}: {value}" for name, value in {**fixed, **headers}.items())]
        self._sip.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), self.server)

    def _in_dialog(self, method: str, number: int, answer: SipAnswer) -> None:
        target = answer.headers["contact"].strip("<>").partition(">")[0]
        headers = {"From": answer.headers["from"], "To": answer.headers["to"]}
        self._request(method, target, number, headers, "")

    def attach(self, sip: asyncio.DatagramTransport, rtp: asyncio.DatagramTransport) -> None:
        """The sockets that it speaks through."""
        self._sip, self._rtp = sip, rtp
        self.sip_port, self.rtp_port = sip.get_extra_info("sockname")[1], rtp.get_extra_info("sockname")[1]

    def received_sip(self, data: bytes, _address: tuple[str, int]) -> None:
        """Take a datagram of signalling."""
        text = data.decode()
        head, _, body = text.partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        if not first.startswith("SIP/2.0 "):
            repeated = [line for line in lines if line.partition(":")[0].strip().lower() in _REPEATED]
            self.requests.append(SipRequest(first.split()[0], tuple(repeated), text))
            self._changed.set()
            return
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        self.answers.append(SipAnswer(int(first.split()[1]), headers, body, text))
        self._changed.set()

    def received_rtp(self, data: bytes, _address: tuple[str, int]) -> None:
        """Take a datagram of media."""
        self.heard.append(RtpPacket.decode(data))
        self._changed.set()


@asynccontextmanager
async def sip_peer(address: str, server: tuple[str, int], *, sip_port: int = 0) -> AsyncIterator[SipPeer]:
    """A peer on free ports of an address of this machine, as long as the block runs."""
    peer, loop = SipPeer(address, server), asyncio.get_running_loop()
    sip, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(peer.received_sip), local_addr=(address, sip_port))
    rtp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(peer.received_rtp), local_addr=(address, 0))
    peer.attach(sip, rtp)
    try:
        yield peer
    finally:
        sip.close()
        rtp.close()
