"""What others wrote cannot steer the terminal of who reads it, and output in a pipe is not wrapped."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from controller.terminal import output, shown, visible


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("José Núñez", "José Núñez"),
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("one\ntwo\r\n", "one\\ntwo\\r\\n"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("a\u2028b", "a\\u2028b"),
        ("tab\t", "tab\\t"),
        ("\x9b31m", "\\x9b31m"),
        ("😀", "😀"),
    ],
)
def test_what_is_not_seen_is_written_as_its_escape(written: str, seen: str) -> None:
    assert visible(written) == seen


@given(st.text())
def test_no_text_keeps_a_character_that_steers(text: str) -> None:
    assert not {unicodedata.category(character) for character in visible(text)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_markup_in_a_value_is_text() -> None:
    stream = io.StringIO()
    output(file=stream).print(shown("[bold]not bold[/]"))
    assert stream.getvalue() == "[bold]not bold[/]\n"


def test_a_table_in_a_pipe_is_not_wrapped() -> None:
    stream = io.StringIO()
    table = Table(box=None)
    table.add_column("id")
    table.add_column("url")
    table.add_row("8f14e45f-ceea-467f-a8d2-0c8f1d2d3e4f", "https://example.com/" + "x" * 300)
    output(file=stream).print(table)
    assert len(stream.getvalue().strip().splitlines()) == 2
