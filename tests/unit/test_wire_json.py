"""JSON of customers' interfaces, and parameters from queries and forms."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.bindings.faults import ParameterMissing, RequestInvalid, ValueInvalid
from controller.api.bindings.form import parse_form, parse_query, read_form
from controller.api.bindings.json_format import parse_json, read_json, write_json
from controller.api.bindings.model import structure_of
from tests.support.toy_interface import EMPTY, FULL, Add, Colour, Echo, Everything, Greet, Point

EVERYTHING = structure_of(Everything)


def read(value: object) -> object:
    return read_json("", EVERYTHING, parse_json(json.dumps(value).encode()))


def test_json_is_written_as_datacontractjsonserializer_does() -> None:
    assert write_json(EVERYTHING, EMPTY) == (
        '{"Text":null,"Flag":false,"Number":0,"Small":0,"Large":0,"Byte":0,"Ratio":0,"Price":0,'
        r'"Moment":"\/Date(-62135596800000-0000)\/","Data":null,"Colour":0,"Maybe":null,"Names":null,"Points":null,'
        '"Point":null}'
    )
    full = write_json(EVERYTHING, FULL)
    assert r'"Names":["a","","c\/d"]' in full
    assert '"Colour":8' in full
    assert '"Points":[{"Label":"p","X":1},{"Label":null,"X":2}]' in full
    assert '"Data":[0,255]' in full


def test_what_is_written_reads_back() -> None:
    assert read_json("", EVERYTHING, parse_json(write_json(EVERYTHING, FULL).encode())) == FULL


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ({"Names": [2015550101, "x"]}, {"names": ("2015550101", "x")}),
        ({"Names": "2015550101"}, {"names": ("2015550101",)}),
        ({"Names": ""}, {"names": ()}),
        ({"Names": None}, {}),
        ({"Text": 5}, {"text": "5"}),
        ({"Text": True}, {"text": "true"}),
        ({"Number": "5"}, {"number": 5}),
        ({"Number": ""}, {}),
        ({"Colour": "Green"}, {"colour": Colour.Green}),
        ({"Colour": 7}, {"colour": Colour.Green}),
        ({"Misspelt": {"x": [1]}, "text": "wrong case"}, {}),
        ({"Point": {"X": 1}}, {"point": Point(label=None, x=1)}),
    ],
)
def test_json_is_read_leniently(given_value: object, expected: dict[str, object]) -> None:
    assert read(given_value) == dataclasses.replace(EMPTY, **expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value", [[], "x", 5, {"Number": "x"}, {"Number": 1.5}, {"Text": ["a"]}, {"Point": []}, {"Data": [256]}]
)
def test_json_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(ValueInvalid):
        read(value)


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b"[" * 100_000, b'{"a":1}x'])
def test_json_that_is_not_well_formed_is_refused(body: bytes) -> None:
    with pytest.raises(RequestInvalid):
        parse_json(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([f.name for f in EVERYTHING.fields]), inner),
    )
)
def test_no_json_breaks_the_reader(value: object) -> None:
    try:
        read(value)
    except RequestInvalid:
        return


def test_a_query_is_read_without_regard_to_case_and_empty_pairs() -> None:
    pairs = parse_query("&first=1&SECOND=2&&First=9&unknown=%ff")
    assert read_form(structure_of(Add), pairs, strict=True) == Add(first=1, second=2)


def test_a_strict_form_needs_every_parameter_without_a_default() -> None:
    assert read_form(structure_of(Add), [("First", "")], strict=True) == Add(first=0, second=1)
    with pytest.raises(ParameterMissing, match=r"^Missing parameter: First\.$"):
        read_form(structure_of(Add), [], strict=True)


def test_a_lenient_form_needs_none() -> None:
    assert read_form(structure_of(Greet), [], strict=False) == Greet(name="", license_key="")


def test_a_structure_is_read_from_flat_parameters() -> None:
    value = read_form(structure_of(Echo), [("text", "a"), ("Names", "b"), ("names", "c")], strict=True)
    assert value == Echo(value=dataclasses.replace(EMPTY, text="a", names=("b", "c")))


def test_a_form_is_read_in_its_character_set() -> None:
    assert parse_form(b"Name=caf%C3%A9+a\r\n") == [("Name", "café a")]
    assert parse_form(b"Name=%zz&=x&a") == [("Name", "%zz"), ("", "x"), ("a", "")]


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(RequestInvalid, match="more than"):
        parse_query("a=1&" * 20_000)


def test_a_reason_that_quotes_half_a_character_can_be_written() -> None:
    with pytest.raises(ValueInvalid) as refusal:
        read({"Number": "\ud800"})
    assert str(refusal.value).encode()
