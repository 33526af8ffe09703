"""What a browser may send to Asterisk through the console: its own account's SIP, one message a frame."""

from __future__ import annotations

import pytest

from controller.asterisk.sip_frames import refusal_of_frame, with_candidate

ME = "browser-0123456789abcdef"
LOGIN = f'Authorization: Digest username="{ME}", realm="ringpost", uri="sip:x", response="0"'


def frame(
    *headers: str, start: str = "REGISTER sip:ringpost.invalid SIP/2.0", body: str = "", length: int = -1
) -> bytes:
    """A message with these headers besides its length."""
    told = f"Content-Length: {len(body.encode()) if length < 0 else length}"
    return "\r\n".join([start, *headers, told, "", body]).encode()


MINE = f"From: <sip:{ME}@ringpost.invalid>;tag=1"


@pytest.mark.parametrize(
    "sent",
    [
        frame(MINE),
        frame(MINE, LOGIN),
        frame(f"f: sip:{ME}@ringpost.invalid;tag=1"),
        frame(MINE, start="MESSAGE sip:+12015550101@ringpost.invalid SIP/2.0", body="From: <sip:alice@x>\r\n\r\nöl"),
        frame("From: <sip:+12015550101@x>;tag=1", start="SIP/2.0 200 OK"),
        b"\r\n\r\n",
        b"",
    ],
)
def test_what_is_its_own_is_passed_on(sent: bytes) -> None:
    assert refusal_of_frame(sent, ME) == ""


@pytest.mark.parametrize(
    "sent",
    [
        frame("From: <sip:alice@ringpost.invalid>;tag=1"),
        frame(f"From: <sip:alice@{ME}>;tag=1"),
        frame(f'From: "sip:{ME}@x" <sip:alice@ringpost.invalid>;tag=1'),
        frame("From:\r\n <sip:alice@ringpost.invalid>;tag=1"),
        frame(MINE, "f: <sip:alice@ringpost.invalid>;tag=1"),
        frame(),
        frame(MINE, LOGIN.replace(ME, "alice")),
        frame(MINE, LOGIN, LOGIN.replace(ME, "alice").replace("Authorization", "Proxy-authorization ")),
        frame(MINE, LOGIN + f', username="alice", x="{ME}"'),
        frame(MINE, "no header"),
        frame(MINE, length=3),
        frame(MINE) + frame("From: <sip:alice@ringpost.invalid>;tag=1"),
        frame(MINE, "l: 0"),
        b"GET / HTTP/1.1",
        b"\x00" * 40,
    ],
)
def test_what_is_of_somebody_else_or_more_than_one_message_is_not(sent: bytes) -> None:
    assert refusal_of_frame(sent, ME) != ""


SDP = "v=0\r\nm=audio 10042 UDP/TLS/RTP/SAVPF 0\r\na=candidate:H1 1 udp 1 172.18.0.4 10042 typ host\r\na=sendrecv\r\n"
OTHER = "From: <sip:x@y>;tag=1"


def test_an_answer_names_the_address_behind_nat_too() -> None:
    changed = with_candidate(frame(OTHER, start="SIP/2.0 200 OK", body=SDP), "192.0.2.7").decode()
    head, _, body = changed.partition("\r\n\r\n")
    assert body == SDP.replace(
        "a=sendrecv", "a=candidate:external 1 udp 1694498815 192.0.2.7 10042 typ host\r\na=sendrecv"
    )
    assert f"Content-Length: {len(body)}" in head


@pytest.mark.parametrize("body", ["", "m=audio 10042 RTP/AVP 0\r\n", SDP.replace("10042", "0"), "a text\r\n"])
def test_what_has_no_candidates_stays_as_it_is(body: str) -> None:
    sent = frame(OTHER, start="SIP/2.0 200 OK", body=body)
    assert with_candidate(sent, "192.0.2.7") == sent
