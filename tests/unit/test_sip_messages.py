"""What the softphone reads from SIP messages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controller.softphone.sip import SipMessage, user_part

ANSWER = """SIP/2.0 200 OK\r
To: <sip:12015550101@127.0.0.1>;tag=abc\r
Reason: Q.850;cause=16\r
Content-Type: application/sdp\r
\r
v=0\r
c=IN IP4 127.0.0.9\r
m=audio 4242 RTP/AVP 0 101\r
"""


def test_an_answer_has_its_status_headers_cause_and_media() -> None:
    message = SipMessage.parse(ANSWER)

    assert (message.status, message.phrase, message.method) == (200, "OK", "")
    assert message.user_of("to") == "12015550101"
    assert message.cause == 16
    assert message.media == ("127.0.0.9", 4242)


def test_a_request_has_its_method_and_address() -> None:
    message = SipMessage.parse("\nINVITE sip:alice@127.0.0.1:5060 SIP/2.0\nFrom: <sip:+12015550199@x>;tag=1\n\n")

    assert (message.method, user_part(message.uri), message.user_of("from")) == ("INVITE", "alice", "+12015550199")
    assert (message.status, message.cause, message.media) == (0, None, None)


def test_media_on_port_0_is_refused_media() -> None:
    assert SipMessage.parse(ANSWER.replace("4242", "0")).media is None


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    message = SipMessage.parse(text)

    assert message.cause is None or message.cause >= 0
