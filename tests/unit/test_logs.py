"""What must not be in a log is not in it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import structlog

from controller import logs


@pytest.fixture
def written() -> Any:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()


def test_a_phone_number_in_any_text_is_masked(written: Any) -> None:
    structlog.get_logger().info("call from +12015550101", reason="12015550101 is busy", caller="2015550101")
    (line,) = written()
    assert "5550101" not in json.dumps(line)


def test_a_queue_id_is_not_taken_for_a_phone_number(written: Any) -> None:
    with structlog.contextvars.bound_contextvars(call=1000000001):
        structlog.get_logger().info("call answered")
    assert written()[0]["call"] == 1000000001


@pytest.mark.parametrize("name", sorted(logs.SECRETS))
def test_a_secret_is_never_written(written: Any, name: str) -> None:
    structlog.get_logger().info("login", **{name: "hunter2"})
    assert "hunter2" not in json.dumps(written())


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_traceback_shows_no_local_variables_and_no_whole_number(style: str) -> None:
    stream = io.StringIO()
    logs.configure("info", style, stream)
    try:
        password = "hunter2"
        raise ValueError(f"{len(password)} 12015550101")
    except ValueError:
        structlog.get_logger().exception("a call's handler failed")
    finally:
        structlog.reset_defaults()
    assert "ValueError" in stream.getvalue()
    assert "hunter2\n" not in stream.getvalue().replace('"hunter2"', "")
    assert "'hunter2'" not in stream.getvalue()
    assert "12015550101" not in stream.getvalue()


def test_an_exception_is_one_json_line(written: Any) -> None:
    try:
        raise ValueError("no")
    except ValueError:
        structlog.get_logger().exception("a call's handler failed")
    (line,) = written()
    assert "ValueError: no" in line["exception"]
