"""The section `line_types` of the admin YAML."""

from __future__ import annotations

import pytest

from controller.config.line_type_settings import LineTypesSection
from controller.config_file.document import Document, parse_document
from controller.config_file.validation import read_section
from controller.line_types.look_up import LookUpOptions
from controller.line_types.model import LineType


def read(text: str) -> tuple[LineTypesSection, Document]:
    document = parse_document(f"line_types:\n{text}\n", "ringpost.yaml")
    section = read_section(document, "line_types", LineTypesSection)
    assert section is not None
    return section, document


def test_overrides_and_a_look_up_become_values() -> None:
    section, document = read(
        '  overrides: {"+12015550101": Mobile, "+1201556": tollfree}\n'
        "  lookup_url: https://look.example/{number}?key=secret\n"
        "  lookup_type_field: data.line_type\n"
        "  lookup_keep_hours: 1\n"
    )
    assert document.mistakes == []
    assert section.types == {"+12015550101": LineType.MOBILE, "+1201556": LineType.TOLL_FREE}
    assert section.look_up == LookUpOptions(
        "https://look.example/{number}?key=secret", "data.line_type", "", 2.0, 3600.0, every_call=False
    )
    assert read("  {}")[0].look_up is None


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('  overrides: {"2015550101": mobile}', "not a valid number or prefix"),
        ('  overrides: {"+1201": pager}', "has a value that is not known"),
        ("  lookup_url: https://look.example/", "the number has no place in this URL"),
        ("  lookup_url: ftp://look.example/{number}", "not a URL that can be asked"),
        ("  lookup_seconds: 31", "out of range"),
        ("  lookup_type_field: a..b", "lookup_type_field"),
    ],
)
def test_a_mistake_is_named(text: str, mistake: str) -> None:
    _, document = read(text)
    (found,) = document.mistakes
    assert mistake in str(found)
    assert found.line == 2
