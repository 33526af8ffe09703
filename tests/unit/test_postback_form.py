"""The form of a phone post-back, to the letter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from string import ascii_letters, digits
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.calls.postback_form import CallStatus, NumberLookup, phone_form
from controller.postbacks.encoding import encode_form, form_time


def status(**changes: object) -> CallStatus:
    facts: dict[str, object] = {
        "queue_id": 1000000001,
        "response_code": 30,
        "start_time": datetime(2010, 5, 8, 2, 42, 36, tzinfo=UTC),
        "end_time": datetime(2010, 5, 8, 14, 43, 1, tzinfo=UTC),
        "duration_seconds": 25.9,
        "machine_detection": "HUMAN",
        "digits_dialed": "12#",
        "incoming": True,
        "caller_id": "2015550123",
        "phone_number": "2015550101",
    }
    return CallStatus(**{**facts, **changes})  # type: ignore[arg-type]


def test_an_incoming_call_has_exactly_its_fields_in_the_documented_order_and_case() -> None:
    assert phone_form(status(), date_format="us") == (
        ("QueueID", "1000000001"),
        ("ResponseCode", "30"),
        ("StartTime", "5/8/2010 2:42:36 AM"),
        ("EndTime", "5/8/2010 2:43:01 PM"),
        ("Duration", "25"),
        ("machinedetection", "HUMAN"),
        ("digitsdialed", "12#"),
        ("incoming", "True"),
        ("callerid", "2015550123"),
        ("phonenumber", "2015550101"),
        ("extension", ""),
        ("lastrecordlength", "0"),
        ("transfercallerid", ""),
    )


def test_an_outgoing_call_has_its_own_fields() -> None:
    names = [name for name, _ in phone_form(status(incoming=False), date_format="us")]
    assert names == [
        *("QueueID", "ResponseCode", "StartTime", "EndTime", "Duration", "machinedetection", "AC", "digitsdialed"),
        *("callerid", "phonenumber", "extension", "lastrecordlength", "transfercalleridname", "qasoundid"),
        *("isWireless", "telcoLATA", "telcoOCN", "telcoCarrierName", "telcoCarrierType", "telcoLRN", "telcoSwitchName"),
    ]


def test_rings_in_the_call_are_told_only_when_there_were_any() -> None:
    form = phone_form(status(incoming=False, in_call_rings=2, lookup=NumberLookup(wireless=True)), date_format="us")
    assert ("incallringcount", "2") in form
    assert ("isWireless", "True") in form


def test_variables_stand_at_the_end_in_lower_case_and_never_twice_a_reserved_name() -> None:
    form = phone_form(
        status(variables={"ConfKey": "77", "attempt": "2", "CallerID": "x", "queueid": "0", "telcolata": "1"}),
        date_format="us",
    )
    assert form[-2:] == (("confkey", "77"), ("attempt", "2"))
    names = [name.lower() for name, _ in form]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("moment", "us", "iso"),
    [
        (datetime(2020, 8, 28, 0, 53, 6, 608000, tzinfo=UTC), "8/28/2020 12:53:06 AM", "2020-08-28T00:53:06.608Z"),
        (datetime(2020, 12, 1, 12, 0, 0, tzinfo=UTC), "12/1/2020 12:00:00 PM", "2020-12-01T12:00:00.000Z"),
        (
            datetime(2020, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))),
            "12/31/2019 11:30:00 PM",
            "2019-12-31T23:30:00.000Z",
        ),
        (None, "1/1/0001 12:00:00 AM", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_times_are_utc_in_either_format(moment: datetime | None, us: str, iso: str) -> None:
    assert (form_time(moment, "us"), form_time(moment, "iso")) == (us, iso)


def test_the_encoding_is_that_of_dotnet() -> None:
    assert (
        encode_form((("a b", "5/8/2010 2:42 AM"), ("c", "~ü(*)!'"))) == "a+b=5%2f8%2f2010+2%3a42+AM&c=%7e%c3%bc(*)!%27"
    )


def test_of_ascii_all_is_escaped_but_what_dotnet_leaves() -> None:
    kept = set(ascii_letters + digits + "_.!*()-")
    for character in map(chr, range(128)):
        encoded = encode_form(((character, ""),)).removesuffix("=")
        assert encoded == (character if character in kept else "+" if character == " " else f"%{ord(character):02x}")


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))))
def test_every_form_is_read_back_as_it_was(fields: list[tuple[str, str]]) -> None:
    encoded = encode_form(fields)
    assert encoded.isascii()
    assert parse_qsl(encoded, keep_blank_values=True) == fields
