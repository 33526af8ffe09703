"""The scalar types of customers' interfaces: read leniently, written exactly."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.bindings import types
from controller.api.bindings.types import Scalar, json_date, parse_json_date, write_date_time

GUID = UUID("1627aea5-8e0a-4371-9022-9b504344e724")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (types.BOOLEAN, "true", True),
        (types.BOOLEAN, "True", True),
        (types.BOOLEAN, "0", False),
        (types.INT, "+7", 7),
        (types.INT, "-2147483648", -(2**31)),
        (types.LONG, "9223372036854775807", 2**63 - 1),
        (types.UNSIGNED_BYTE, "255", 255),
        (types.DOUBLE, "1e3", 1000.0),
        (types.DOUBLE, "-INF", -math.inf),
        (types.DECIMAL, "12.50", Decimal("12.50")),
        (types.GUID, "{1627AEA5-8E0A-4371-9022-9B504344E724}", GUID),
        (types.GUID, "1627aea58e0a437190229b504344e724", GUID),
        (types.BASE64, "AP\r\n8=", b"\x00\xff"),
        (types.DATE_TIME, "2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (types.DATE_TIME, "2026-01-02T03:04:05.98", datetime(2026, 1, 2, 3, 4, 5, 980_000)),  # noqa: DTZ001
        (types.DATE_TIME, "2026-01-02 03:04", datetime(2026, 1, 2, 3, 4)),  # noqa: DTZ001
        (types.DATE_TIME, "2026-01-02", datetime(2026, 1, 2)),  # noqa: DTZ001
        (
            types.DATE_TIME,
            "2026-01-02T03:04:05-05:00",
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-5))),
        ),
        (types.DATE_TIME, "0001-01-01T00:00:00", None),
    ],
)
def test_a_text_is_read_as_its_type(kind: Scalar, text: str, value: object) -> None:
    assert kind.parse(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (types.BOOLEAN, "yes"),
        (types.INT, "2147483648"),
        (types.INT, "1.0"),
        (types.INT, "\N{ARABIC-INDIC DIGIT ONE}"),
        (types.SHORT, "32768"),
        (types.UNSIGNED_BYTE, "-1"),
        (types.LONG, "9" * 5000),
        (types.DOUBLE, "0x1"),
        (types.DOUBLE, "1_0"),
        (types.DECIMAL, "1e5"),
        (types.DECIMAL, "9" * 50),
        (types.GUID, "not-a-guid"),
        (types.GUID, "1627aea5-8e0a-4371-9022-9b504344e7240"),
        (types.BASE64, "***"),
        (types.DATE_TIME, "2026-02-30T00:00:00"),
        (types.DATE_TIME, "9999-12-31T23:59:59-01:00"),
        (types.DATE_TIME, "tomorrow"),
    ],
)
def test_a_text_that_is_none_of_its_type_is_refused(kind: Scalar, text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        kind.parse(text)


def test_a_text_loses_what_neither_xml_nor_the_store_can_hold() -> None:
    assert types.STRING.parse("a\x00b\x1f\ud800\tc\n") == "a\ufffdb\ufffd\ufffd\tc\n"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, "0001-01-01T00:00:00"),
        (datetime(2016, 7, 13, 22, 25, 33, 860_000, tzinfo=UTC), "2016-07-13T22:25:33.86"),
        (datetime(2016, 7, 13, 22, 25, 30, tzinfo=UTC), "2016-07-13T22:25:30"),
        (datetime(2016, 7, 13, 22, 0, tzinfo=timezone(timedelta(hours=2))), "2016-07-13T20:00:00"),
    ],
)
def test_a_date_is_written_in_utc_without_a_zone(moment: datetime | None, text: str) -> None:
    assert write_date_time(moment) == text


def test_a_date_in_json_is_milliseconds_with_the_zone_of_the_server() -> None:
    assert json_date(datetime(1999, 5, 31, 15, 20, tzinfo=UTC)) == "/Date(928164000000-0000)/"
    assert json_date(None) == "/Date(-62135596800000-0000)/"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("/Date(928164000000)/", datetime(1999, 5, 31, 15, 20, tzinfo=UTC)),
        (r"\/Date(928164000000-0400)\/", datetime(1999, 5, 31, 15, 20, tzinfo=UTC)),
        ("1999-05-31T15:20:00Z", datetime(1999, 5, 31, 15, 20, tzinfo=UTC)),
        ("/Date(-62135596800000)/", None),
    ],
)
def test_a_date_in_json_is_read(text: str, moment: datetime | None) -> None:
    assert parse_json_date(text) == moment


def test_a_date_in_json_keeps_the_zone_that_it_was_written_in() -> None:
    moment = parse_json_date("/Date(928164000000-0400)/")
    assert moment is not None
    assert moment.utcoffset() == timedelta(hours=-4)


@pytest.mark.parametrize("text", ["/Date(999999999999999)/", "/Date(x)/", "/Date(1+9999)/"])
def test_a_date_in_json_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_json_date(text)


@given(st.floats(allow_nan=False))
def test_a_double_comes_back_as_it_went(number: float) -> None:
    assert types.DOUBLE.parse(types.DOUBLE.write(number)) == number


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_a_date_comes_back_as_it_went(moment: datetime) -> None:
    assert types.DATE_TIME.parse(write_date_time(moment)) == moment


@given(st.text(max_size=40))
def test_no_text_breaks_a_reader(text: str) -> None:
    for kind in types.SCALARS.values():
        try:
            kind.parse(text)
        except ValueError:
            continue
