"""The mail with a call's trace: its lines, its subject, and nothing in its headers that others wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.calls.model.call import Call, TraceLine
from controller.calls.model.response_codes import ResponseCode
from controller.calls.trace_mail import MOST_LINES, is_error, told, trace_mail
from controller.postbacks.encoding import form_time
from controller.script.commands.kinds import EMAIL

AT = datetime(2026, 11, 23, 17, 4, 1, tzinfo=UTC)


def a_call(caller: str = "+12015550199") -> Call:
    call = Call(1000000001, "incoming", "acme", "+12015550101", caller, "channel", "hash", AT)
    call.answered(AT)
    call.ended(AT + timedelta(seconds=12), "end-of-script", ResponseCode.INCOMING_CALL_COMPLETE)
    return call


def a_line(event: str, **fields: object) -> TraceLine:
    return TraceLine(1000000001, 1, AT, event, fields)


def read(trace: list[TraceLine], caller: str = "+12015550199") -> tuple[dict[str, str], list[str]]:
    """The headers and lines of a mail, as whoever gets it reads them."""
    mail = trace_mail(a_call(caller), trace, sender="ringpost@example.com", recipient="a@example.com", now=AT)
    message = message_from_bytes(mail.as_bytes(policy=policy.SMTP), policy=policy.default)
    return dict(message.items()), message.get_content().splitlines()


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (AT, "11/23/2026 5:04:01 PM"),
        (datetime(2026, 1, 2, 0, 0, 0, tzinfo=UTC), "1/2/2026 12:00:00 AM"),
        (datetime(2026, 1, 2, 12, 30, 5, tzinfo=UTC), "1/2/2026 12:30:05 PM"),
        (datetime(2026, 1, 2, 1, 0, 0, tzinfo=timezone(timedelta(hours=2))), "1/1/2026 11:00:00 PM"),
    ],
)
def test_times_are_written_as_the_vendor_does_in_utc(moment: datetime, written: str) -> None:
    assert form_time(moment, "us") == written


def test_a_mail_tells_the_call_and_each_line_of_its_trace() -> None:
    trace = [
        a_line("answered"),
        a_line("say", text="Hello"),
        a_line("collect_digits", var="zip", digits="12345"),
        a_line("end", reason="end-of-script"),
    ]
    headers, lines = read(trace)
    assert headers["Subject"] == "Ringpost: trace of call 1000000001"
    assert (headers["From"], headers["To"]) == ("ringpost@example.com", "a@example.com")
    assert lines == [
        "QueueID: 1000000001",
        "Incoming call from +12015550199 to +12015550101",
        "Ended: end-of-script, after 12 s",
        "",
        "11/23/2026 5:04:01 PM: answered",
        "11/23/2026 5:04:01 PM: say “Hello”",
        "11/23/2026 5:04:01 PM: collect digits zip = 12345",
        "11/23/2026 5:04:01 PM: end end-of-script",
    ]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (a_line("error", message="no"), True),
        (a_line("end", reason="step-limit"), True),
        (a_line("end", reason="lost"), True),
        (a_line("end", reason="hung-up"), False),
        (a_line("say", text="error"), False),
    ],
)
def test_what_counts_as_an_error(line: TraceLine, error: bool) -> None:
    assert is_error(line) is error
    headers, _ = read([line])
    assert headers["Subject"].endswith(" (with errors)") is error


@given(st.text(max_size=60))
def test_nothing_that_others_wrote_makes_a_header_or_a_line_of_its_own(text: str) -> None:
    trace = [a_line("say", text=text), a_line("error", message=text)]
    headers, lines = read(trace, caller=text)
    assert set(headers) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }
    assert len(lines) == 4 + len(trace)
    assert "\n" not in told(trace[0])


@pytest.mark.thorough
def test_a_trace_without_end_makes_no_mail_without_end() -> None:
    _, lines = read([a_line("say", text="x" * 5000)] * (MOST_LINES + 7))
    assert len(lines) == 4 + MOST_LINES + 1
    assert lines[4 + 500] == "... 7 lines are left out here ..."
    assert max(map(len, lines)) < 1100


@pytest.mark.parametrize(
    "text",
    [
        "a@example.com\nBcc: b@example.com",
        "a@example.com\r\n\r\nbody",
        "a@example.com,b@example.com",
        "a@example.com;b@example.com",
        "A <a@example.com>",
        "a b@example.com",
        "a@",
        "@example.com",
        "a@b@c",
        "a@-example.com",
        "a@exämple.com",
        f"{'a' * 65}@example.com",
        f"a@{'.'.join(['x' * 60] * 5)}",
    ],
)
def test_only_one_plain_address_is_an_address(text: str) -> None:
    assert EMAIL.read(text) is None


@pytest.mark.parametrize("text", ["a@example.com", "first.last+ringpost@mail.example.co.uk", "x@localhost"])
def test_plain_addresses_are_addresses(text: str) -> None:
    assert EMAIL.read(text) == text
