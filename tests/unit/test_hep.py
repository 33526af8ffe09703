"""HEPv3 packets and the SIP messages in them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.asterisk.hep import Address, CapturedSipMessage, HepReceiver, parse_packet, parse_sip

RESPONSE = (
    b"SIP/2.0 486 Busy Here\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9\r\n"
    b"i: abc@127.0.0.1\r\n"
    b"CSeq: 7 MESSAGE\r\n"
    b"Subject: folded\r\n over two lines\r\n"
    b"\r\n"
)
REQUEST = (
    b"MESSAGE sip:12015550101@127.0.0.1 SIP/2.0\r\n"
    b"Call-ID: abc\r\n"
    b"CSeq: 7 MESSAGE\r\n"
    b"X-Ringpost-Id: t1\r\n"
    b"\r\n"
    b"hi\r\n\r\nyou"
)


def chunk(kind: int, content: bytes, vendor: int = 0) -> bytes:
    return struct.pack("!HHH", vendor, kind, 6 + len(content)) + content


def packet(payload: bytes, *more: bytes, capture_type: int = 1) -> bytes:
    chunks = b"".join(
        [
            chunk(1, b"\x02"),
            chunk(2, b"\x11"),
            chunk(3, bytes([127, 0, 0, 1])),
            chunk(4, bytes([192, 0, 2, 9])),
            chunk(7, struct.pack("!H", 5060)),
            chunk(8, struct.pack("!H", 5070)),
            chunk(9, struct.pack("!I", 1_700_000_000)),
            chunk(10, struct.pack("!I", 250_000)),
            chunk(11, bytes([capture_type])),
            chunk(12, struct.pack("!I", 7)),
            *more,
            chunk(17, b"abc"),
            chunk(15, payload),
        ]
    )
    return b"HEP3" + struct.pack("!H", 6 + len(chunks)) + chunks


def test_a_packet_tells_who_sent_what_to_whom_and_when() -> None:
    found = parse_packet(packet(RESPONSE))
    assert found is not None
    assert (found.source, found.destination) == (Address("127.0.0.1", 5060), Address("192.0.2.9", 5070))
    assert found.captured_at == 1_700_000_000.25
    assert (found.capture_type, found.capture_agent, found.correlation_id) == (1, 7, "abc")
    assert found.payload == RESPONSE


def test_chunks_of_other_vendors_are_passed_over() -> None:
    found = parse_packet(packet(RESPONSE, chunk(15, b"something else", vendor=9)))
    assert found is not None
    assert found.payload == RESPONSE


def test_a_response_tells_its_status_and_what_it_answers() -> None:
    message = parse_sip(RESPONSE)
    assert message is not None
    assert (message.status, message.reason, message.is_request) == (486, "Busy Here", False)
    assert (message.call_id, message.cseq_number, message.cseq_method) == ("abc@127.0.0.1", 7, "MESSAGE")
    assert message.header("subject") == "folded over two lines"


def test_a_request_tells_its_method_headers_and_body() -> None:
    message = parse_sip(REQUEST)
    assert message is not None
    assert (message.method, message.uri, message.status) == ("MESSAGE", "sip:12015550101@127.0.0.1", 0)
    assert message.header("x-ringpost-id") == "t1"
    assert message.body == b"hi\r\n\r\nyou"


@pytest.mark.parametrize(
    "payload",
    [b"", b"\r\n\r\n", b"nonsense", b"SIP/2.0 abc Oops\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"SIP/2.0 099 No\r\n"],
)
def test_what_is_no_sip_is_told_apart(payload: bytes) -> None:
    assert parse_sip(payload) is None


@given(st.binary(max_size=300))
def test_no_bytes_break_the_parsers(data: bytes) -> None:
    parse_packet(data)
    parse_packet(b"HEP3" + struct.pack("!H", 6 + len(data)) + data)
    message = parse_sip(data)
    assert message is None or message.cseq_number >= 0


@given(st.integers(0, 200), st.binary(min_size=1, max_size=1))
def test_no_single_damaged_byte_breaks_the_packet_parser(position: int, damage: bytes) -> None:
    whole = bytearray(packet(REQUEST))
    whole[position : position + 1] = damage
    parse_packet(bytes(whole))


def test_a_number_longer_than_the_protocol_has_is_taken_as_zero() -> None:
    endless = b"\xff" * 200
    chunk = struct.pack("!HHH", 0, 9, 6 + len(endless)) + endless
    parsed = parse_packet(b"HEP3" + struct.pack("!H", 6 + len(chunk)) + chunk)
    assert parsed is not None
    assert parsed.captured_at == 0


def test_the_receiver_counts_what_it_cannot_read_and_outlives_a_failing_handler() -> None:
    heard: list[CapturedSipMessage] = []

    def fail(*_: object) -> None:
        raise ValueError("a mistake in a handler")

    receiver = HepReceiver()
    receiver.on_sip(fail)
    receiver.on_sip(lambda _, message: heard.append(message))
    receiver.datagram_received(packet(REQUEST), ("127.0.0.1", 1))
    receiver.datagram_received(packet(b"\x81\xc8", capture_type=5), ("127.0.0.1", 1))
    receiver.datagram_received(b"no hep", ("127.0.0.1", 1))
    receiver.datagram_received(packet(b"no sip"), ("127.0.0.1", 1))
    assert [message.method for message in heard] == ["MESSAGE"]
    assert (receiver.messages, receiver.unreadable) == (1, 2)


@pytest.mark.parametrize("cseq", [b"CSeq: 7 MESSAGE", b"cseq:7  message", b"CSEQ : 7\t MESSAGE "])
def test_a_receiver_for_one_method_reads_its_requests_and_responses_and_no_others(cseq: bytes) -> None:
    heard: list[CapturedSipMessage] = []
    receiver = HepReceiver(methods=("MESSAGE", "ACK"))
    receiver.on_sip(lambda _, message: heard.append(message))
    invite = b"INVITE sip:1@127.0.0.1 SIP/2.0\r\nAllow: INVITE, MESSAGE\r\nCSeq: 7 INVITE\r\n\r\n"
    for message in (REQUEST, RESPONSE.replace(b"CSeq: 7 MESSAGE", cseq), invite, RESPONSE.replace(b"MESSAGE", b"BYE")):
        receiver.datagram_received(packet(message), ("127.0.0.1", 1))
    assert [(message.method, message.status) for message in heard] == [("MESSAGE", 0), ("", 486)]


def test_what_a_text_says_is_not_taken_for_its_header() -> None:
    heard: list[CapturedSipMessage] = []
    receiver = HepReceiver(methods=("MESSAGE",))
    receiver.on_sip(lambda _, message: heard.append(message))
    text = REQUEST.replace(b"CSeq: 7 MESSAGE", b"cseq:7 MESSAGE") + b"\r\nCSeq: 7 INVITE\r\n"
    call = REQUEST.replace(b"MESSAGE", b"INFO") + b"\r\nCSeq: 7 MESSAGE\r\n"
    for message in (text, call):
        receiver.datagram_received(packet(message), ("127.0.0.1", 1))
    assert [message.method for message in heard] == ["MESSAGE"]


def test_a_receiver_knows_whether_anything_is_mirrored_to_it_at_present() -> None:
    now = 1000.0
    receiver = HepReceiver(methods=("ACK",), clock=lambda: now)
    assert not receiver.heard_within(5)
    receiver.datagram_received(packet(REQUEST), ("127.0.0.1", 1))  # also what nobody reads
    assert receiver.heard_within(5)
    now += 6
    assert not receiver.heard_within(5)
