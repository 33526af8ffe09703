"""The SIP of calls: what is kept of a message, and whose messages are at hand and kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from controller.api.console.sip_picture import MOST_PARTIES, OTHERS, sip_ladder
from controller.asterisk.ari.events import Event
from controller.asterisk.hep import correlation_of, parse_packet, parse_sip
from controller.calls import sip_capture
from controller.calls.model.sip_message import SipMessage, as_kept
from controller.calls.sip_capture import KEPT_A_SECOND, SipCapture
from controller.calls.store.sip_ladders import SipLadders
from tests.unit.test_hep import chunk

INVITE = (
    "INVITE sip:+12015550101@198.51.100.1:5060;user=phone SIP/2.0\r\n"
    'From: "Ann Smith" <sip:+12015550199@192.0.2.9>;tag=1234567890\r\n'
    "To: <sip:2015550101@198.51.100.1>\r\n"
    "Call-ID: {call_id}\r\n"
    "CSeq: 1 INVITE\r\n"
    'Authorization: Digest username="acme", response="0123456789abcdef"\r\n'
    'Proxy-Authorization: Digest username="acme", response="0123456789abcdef"\r\n'
    "P-Asserted-Identity: <sip:+12015550199@192.0.2.9>\r\n"
    "X-Secret: hush\r\n"
    "Content-Type: application/sdp\r\n"
    "\r\n"
    "v=0\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/SAVP 0\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:hush\r\na=ice-pwd:hush\r\na=rtpmap:0 PCMU/8000\r\n"
)
BYE = "BYE sip:x@192.0.2.9 SIP/2.0\r\nCall-ID: {call_id}\r\nCSeq: 2 BYE\r\n\r\n"


def packet(text: str, correlation: str, *, call_id: str = "abc", seconds: int = 0) -> bytes:
    chunks = b"".join(
        [
            *(chunk(3, bytes([192, 0, 2, 9])), chunk(4, bytes([198, 51, 100, 1]))),
            *(chunk(7, b"\x13\xc4"), chunk(8, b"\x13\xc4")),
            *(chunk(9, (1_700_000_000 + seconds).to_bytes(4, "big")), chunk(10, bytes(4)), chunk(11, b"\x01")),
            *(chunk(17, correlation.encode() + b"\0"), chunk(15, text.format(call_id=call_id).encode())),
        ]
    )
    return b"HEP3" + (6 + len(chunks)).to_bytes(2, "big") + chunks


def kept(text: str) -> SipMessage:
    found = parse_packet(packet(text, "x"))
    assert found is not None
    message = parse_sip(found.payload)
    assert message is not None
    return as_kept(found, message)


class Ladders(SipLadders):
    """Keeps in memory."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, list[str]]] = []

    async def add(self, queue_id: int, messages: Sequence[SipMessage]) -> None:
        self.kept.append((queue_id, [each.line.split(" ")[0] for each in messages]))

    async def of_call(self, queue_id: int) -> list[SipMessage]:
        return []


class Room:
    """A capture, with the calls that are live and a clock."""

    def __init__(self) -> None:
        self.live: dict[int, tuple[str, ...]] = {}
        self.now = 0.0
        self.ladders = Ladders()
        self.capture = SipCapture(self.ladders, lambda queue_id: self.live.get(queue_id, ()), lambda: self.now)

    def channel(self, channel_id: str, name: str) -> None:
        self.capture.on_channel(Event("StasisStart", {"channel": {"id": channel_id, "name": name}}))


def test_credentials_keys_names_and_numbers_are_not_kept() -> None:
    message = kept(INVITE)
    assert message.line == "INVITE sip:+1201***0101@198.51.100.1:5060;user=phone"
    assert (message.source, message.cseq) == ("192.0.2.9:5060", "1 INVITE")
    assert "from: <sip:+1201***0199@192.0.2.9>;tag=1234567890" in message.text.splitlines()
    assert "m=audio 4000 RTP/SAVP 0" in message.text
    for secret in ("hush", "Digest", "Ann", "5550199", "asserted", "crypto"):
        assert secret not in message.text


def test_what_a_message_says_is_bounded_and_printable() -> None:
    head = "INVITE sip:x@y SIP/2.0\r\nCall-ID: {call_id}\r\n"
    long = f"{head}Supported: \x1b[31m{'a' * 9000}\r\n\r\n"
    message = kept(long)
    assert "\x1b" not in message.text
    assert len(message.text) < 600


def test_the_correlation_id_is_found_without_reading_the_packet() -> None:
    assert correlation_of(packet(BYE, "PJSIP/carrier-0000002a")) == b"PJSIP/carrier-0000002a"
    assert correlation_of(b"HEP3\x00\x06") == b""
    assert correlation_of(b"") == b""


async def test_a_call_has_the_messages_of_its_channels_and_those_before_asterisk_knew_the_channel() -> None:
    room = Room()
    room.capture.on_packet(packet(INVITE, "abc"))
    room.channel("c1", "PJSIP/carrier-1")
    room.capture.on_packet(packet(BYE, "PJSIP/carrier-1", seconds=5))
    room.capture.on_packet(packet(BYE, "PJSIP/other-2", call_id="other"))
    room.live[7] = ("c1", "c1-transfer")
    assert [each.line[:3] for each in await room.capture.of_call(7)] == ["INV", "BYE"]
    assert await room.capture.of_call(8) == []

    del room.live[7]
    room.capture.call_over(7, ("c1", "c1-transfer"), failed=False)
    assert len(await room.capture.of_call(7)) == 2
    await room.capture.keep()
    assert room.ladders.kept == []
    room.now = 10.0
    await room.capture.keep()
    assert room.ladders.kept == [(7, ["INVITE", "BYE"])]
    assert await room.capture.of_call(7) == []


async def test_of_many_calls_those_that_failed_are_kept_first() -> None:
    room = Room()
    for number in range(3 * KEPT_A_SECOND):
        room.channel(f"c{number}", f"PJSIP/carrier-{number}")
        room.capture.on_packet(packet(BYE, f"PJSIP/carrier-{number}"))
        room.capture.call_over(number, (f"c{number}",), failed=number >= 2 * KEPT_A_SECOND)
    room.now = 10.0
    await room.capture.keep()
    assert {queue_id for queue_id, _ in room.ladders.kept} == set(range(2 * KEPT_A_SECOND, 3 * KEPT_A_SECOND))
    await room.capture.keep()
    assert len(room.ladders.kept) == 2 * KEPT_A_SECOND


async def test_packets_take_a_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_capture, "MOST_BYTES", 5000)
    room = Room()
    for number in range(100):
        room.channel(f"c{number}", f"PJSIP/carrier-{number}")
        room.capture.on_packet(packet(INVITE, f"PJSIP/carrier-{number}", call_id=str(number)))
        room.live[number] = (f"c{number}",)
    assert await room.capture.of_call(0) == []
    assert len(await room.capture.of_call(99)) == 1
    room.capture.on_packet(packet("INVITE " + "x" * 9000, "PJSIP/carrier-99"))
    for _ in range(500):
        room.capture.on_packet(packet(BYE, "PJSIP/carrier-99", call_id="99"))
    assert len(await room.capture.of_call(99)) <= sip_capture.MOST_MESSAGES


def test_a_ladder_has_a_place_for_each_party_and_one_for_the_others() -> None:
    at = datetime(2026, 11, 27, tzinfo=UTC)
    us, refused = "198.51.100.1:5060", "486 Busy Here"
    messages = [
        SipMessage(at + timedelta(seconds=number), f"192.0.2.{number}:5060", us, refused, "", "")
        for number in range(10)
    ]
    ladder = sip_ladder(messages, at)
    assert len(ladder.parties) == MOST_PARTIES
    assert ladder.parties[-1][1] == OTHERS
    assert all(arrow.start != arrow.end and arrow.kind == "fails" for arrow in ladder.arrows)
    assert [arrow.seconds for arrow in ladder.arrows[:2]] == ["0.00", "1.00"]
    assert sip_ladder([], at).arrows == ()
