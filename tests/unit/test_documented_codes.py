"""The response codes that docs/phone-notify.md says are given, or never: all of the vendor's, and as the code does."""

from __future__ import annotations

import re
from pathlib import Path

from controller.calls.model.response_codes import ResponseCode

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "controller/calls/model/response_codes.py"


def documented() -> tuple[set[int], set[int]]:
    """The codes that are given, and those that never are."""
    page = (ROOT / "docs/phone-notify.md").read_text()
    section = page.partition("## All response codes")[2].partition("\n## ")[0]
    given, _, never = section.partition("Ringpost never gives these:")
    return codes(given), codes(never)


def codes(table: str) -> set[int]:
    cells = re.findall(r"^\| ([0-9][0-9, ]*) \|", table, re.MULTILINE)
    return {int(code) for cell in cells for code in cell.split(",")}


def used() -> set[int]:
    """The codes that the code names anywhere but where they are listed."""
    source = "\n".join(path.read_text() for path in (ROOT / "controller").rglob("*.py") if path != MODEL)
    mapped = MODEL.read_text().partition("READY_FOR_DIALER")[2]
    return {int(code) for code in ResponseCode if re.search(rf"ResponseCode\.{code.name}\b", source + mapped)}


def test_each_code_of_the_vendor_is_documented_once() -> None:
    given, never = documented()
    assert given | never == {int(code) for code in ResponseCode} == set(range(47))
    assert not given & never


def test_what_is_said_to_be_given_or_not_is_so() -> None:
    given, never = documented()
    assert used() == given
    assert not used() & never
