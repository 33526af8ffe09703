"""What a browser may send to Asterisk through the console: its own account's SIP, one message a frame."""

from __future__ import annotations

import pytest

from controller.asterisk.sip_frames import refusal_of_frame

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
