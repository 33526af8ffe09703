"""YAML text becomes values that know their places, and no text does harm."""

from __future__ import annotations

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from controller.config_file.document import parse_document
from controller.config_file.nodes import Position, place, plain
from controller.config_file.validation import Declaration, mistake, read_section, refuse_unknown_sections
from controller.errors import InvalidConfiguration


def _mistakes(text: str) -> list[str]:
    return [str(found) for found in parse_document(text, "a.yaml").mistakes]


def test_every_value_stays_the_text_that_was_written() -> None:
    document = parse_document("a: {switch: no, octal: 0123, time: 12:30, number: +12015550101, none: ~, quoted: '~'}")
    assert plain(document.root) == {
        "a": {
            "switch": "no",
            "octal": "0123",
            "time": "12:30",
            "number": "+12015550101",
            "none": None,
            "quoted": "~",
        }
    }


def test_every_value_knows_its_line_and_column() -> None:
    root = parse_document("a:\n  b: [x, {c: y}]\n", "a.yaml").root
    assert place(root, ("a", "b", 1, "c")) == Position("a.yaml", 2, 14)
    assert place(root, ("a", "b", "[key]")) == Position("a.yaml", 2, 3)
    assert place(root, ("a", "missing")) == Position("a.yaml", 1, 1)


def test_a_key_that_stands_twice_is_a_mistake_that_names_both_places() -> None:
    assert _mistakes("a: 1\nb: 2\na: 3\n") == ['a.yaml:3:1: error: "a" stands in line 1 already']


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: [1", "a.yaml:2:1: error: did not find expected ',' or ']' (while parsing a flow sequence)"),
        ("a: b: c", "a.yaml:1:5: error: mapping values are not allowed in this context"),
        ("a: !!python/object:os.system x", "a.yaml:1:4: error: tags are not understood; text with `!` needs quotes"),
        ("a: 1\n---\nb: 2", "a.yaml:2:1: error: a second document starts here; a file is one document, without `---`"),
        ("- a", "a.yaml:1:1: error: a configuration is made of sections (expected lines such as `dids:`)"),
        ("a: x\x00", "a.yaml:1:5: error: a control character is not allowed here"),
        ("? [a]\n: b", "a.yaml:1:3: error: a key is missing, or not a word (expected `name: value`)"),
        ("a: &x [*x]", "a.yaml:1:8: error: this alias stands inside of what it names"),
    ],
)
def test_what_is_no_configuration_is_diagnosed_at_its_place(text: str, found: str) -> None:
    assert _mistakes(text) == [found]


def test_an_unquoted_password_that_yaml_takes_for_something_else_is_not_repeated() -> None:
    for text in (
        "password: *s3cretword",
        "password: !s3cretword x",
        "password: !s3cretword!x y",
        "password: @s3cretword",
    ):
        found = _mistakes(text)
        assert found
        assert "s3cretword" not in " ".join(found)


def test_aliases_and_merge_keys_save_typing() -> None:
    root = parse_document("a: &base {x: 1, y: 2}\nb: {<<: *base, y: 3}\nc: *base\n").root
    assert plain(root) == {"a": {"x": "1", "y": "2"}, "b": {"y": "3", "x": "1"}, "c": {"x": "1", "y": "2"}}


def test_aliases_that_would_grow_without_bound_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "more than 200000 values" in _mistakes("\n".join(lines))[0]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused(opening: str) -> None:
    assert "nested deeper" in _mistakes(opening * 5000)[0]


@given(st.text(max_size=200))
def test_any_text_is_read_or_diagnosed(text: str) -> None:
    document = parse_document(text)
    assert document.complete or document.has_errors
    plain(document.root)


@given(st.text(alphabet="a1:-[]{}&*!|>'\"%@`#,? \n~<\t\\", max_size=60))
def test_any_text_of_yamls_own_signs_is_read_or_diagnosed(text: str) -> None:
    document = parse_document(text)
    assert document.complete or document.has_errors


class _Inner(Declaration):
    port: Annotated[int, Field(ge=1, le=65535)] = 1
    name: str


class _Outer(Declaration):
    number: int = 3
    switch: bool = False
    inner: _Inner | None = None
    several: tuple[_Inner, ...] = ()
    by_name: dict[str, _Inner] = Field(default_factory=dict)


def _section(text: str) -> tuple[_Outer | None, list[str]]:
    document = parse_document(text, "a.yaml")
    section = read_section(document, "outer", _Outer)
    return section, [str(found) for found in document.mistakes]


def test_a_section_that_is_not_there_has_its_defaults() -> None:
    assert _section("other: {}") == (_Outer(), [])
    assert _section("outer:") == (_Outer(), [])


def test_numbers_and_switches_are_read_from_their_text() -> None:
    section, found = _section("outer: {number: 5, switch: yes, inner: {name: 0123, port: '80'}}")
    assert found == []
    assert section == _Outer(number=5, switch=True, inner=_Inner(name="0123", port=80))


def test_all_mistakes_of_a_section_are_found_in_one_run() -> None:
    section, found = _section(
        "outer:\n"
        "  number: many\n"
        "  swich: true\n"
        "  inner: {port: 0, name: x}\n"
        "  several: [{name: a}, {port: 70000}]\n"
        "  by_name: {x: {name: [a]}, y: 5}\n"
    )
    assert found == [
        'a.yaml:2:11: error: "number" cannot be understood (expected a whole number)',
        'a.yaml:3:3: error: unknown key "swich" (expected "switch"?)',
        'a.yaml:4:17: error: "port" is out of range (expected at least 1)',
        'a.yaml:5:24: error: "name" is missing',
        'a.yaml:5:31: error: "port" is out of range (expected at most 65535)',
        'a.yaml:6:23: error: "name" cannot be understood (expected text)',
        'a.yaml:6:32: error: "y" cannot be understood (expected a mapping of keys and values)',
    ]
    # What is left of it lets the rest of the configuration be looked at.
    assert section == _Outer(inner=_Inner(name="x"), by_name={})


def test_an_unknown_section_is_a_mistake_with_what_was_meant() -> None:
    document = parse_document("didds: {}", "a.yaml")
    refuse_unknown_sections(document, {"dids", "trunks"})
    with pytest.raises(InvalidConfiguration) as caught:
        document.require()
    assert [str(found) for found in caught.value.mistakes] == [
        'a.yaml:1:1: error: unknown section "didds" (expected "dids"?)'
    ]


def test_a_warning_alone_does_not_refuse_a_document() -> None:
    document = parse_document("a: b")
    document.warn(Position("a.yaml", 1, 1), "this is doubtful")
    document.require()


def test_a_validator_names_the_place_inside_of_its_value() -> None:
    error = mistake("this stands twice", "once", at=(1,))
    assert error.context == {"message": "this stands twice", "expected": "once", "at": (1,)}
