"""XML of customers' interfaces: hostile documents are refused, odd ones are read, answers are exact."""

from __future__ import annotations

import dataclasses
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.bindings.dialect import Dialect
from controller.api.bindings.faults import RequestInvalid, ValueInvalid
from controller.api.bindings.markup import DEEPEST, MOST_ELEMENTS, parse_xml
from controller.api.bindings.model import structure_of
from controller.api.bindings.types import STRING
from controller.api.bindings.xml_reader import read_structure
from controller.api.bindings.xml_writer import XmlWriter, wcf_document
from tests.support.toy_interface import EMPTY, FULL, NS, Colour, Everything, Point

EVERYTHING = structure_of(Everything)
WCF = Dialect(NS, nil_members=True)
ASMX = Dialect(NS, nil_members=False)


def read(text: str) -> Everything:
    value = read_structure(EVERYTHING, parse_xml(text.encode()))
    assert isinstance(value, Everything)
    return value


def test_a_document_type_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="document type"):
        parse_xml(b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')


def test_a_document_type_is_refused_in_any_encoding() -> None:
    with pytest.raises(RequestInvalid, match="document type"):
        parse_xml('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not well-formed"),
        (b"<a>&undefined;</a>", "not well-formed"),
        (b"<a><b></a>", "not well-formed"),
        (b"<a/><b/>", "not well-formed"),
        (b'<?xml version="1.0" encoding="zlib"?><a/>', "character set"),
        (b"<a>\xff</a>", "not well-formed"),
        (b"<a>" * (DEEPEST + 1), "deeper"),
        (b"<a>" + b"<b/>" * MOST_ELEMENTS + b"</a>", "more than"),
        (b"<a " + b" ".join(b'b%d="1"' % n for n in range(100)) + b"/>", "attributes"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(RequestInvalid, match=reason):
        parse_xml(body)


@pytest.mark.parametrize("charset", ["utf-8", '"UTF-8"', "utf8"])
def test_the_character_set_of_the_content_type_goes_first(charset: str) -> None:
    document = '\ufeff<?xml version="1.0" encoding="utf-16"?><a>é</a>'
    assert parse_xml(document.encode(), charset).text == "é"


@pytest.mark.parametrize("charset", ["zlib", "punycode", "nonsense"])
def test_a_body_in_no_known_character_set_is_refused(charset: str) -> None:
    with pytest.raises(RequestInvalid, match="character set"):
        parse_xml(b"<a>x</a>", charset)


def test_white_space_in_a_text_is_kept() -> None:
    assert read("<E><Text>\n  hello \n</Text></E>").text == "\n  hello \n"


def test_elements_are_read_in_any_order_and_any_namespace() -> None:
    value = read('<E xmlns="urn:a"><Flag xmlns="urn:b">1</Flag><Unknown><X/></Unknown><Text>t</Text></E>')
    assert value == dataclasses.replace(EMPTY, text="t", flag=True)


def test_empty_and_nil_elements_are_absent() -> None:
    nil = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"'
    assert read(f"<E><Text/><Number></Number><Flag {nil}/><Moment> </Moment><Points {nil}/></E>") == EMPTY


def test_an_empty_list_is_a_list() -> None:
    assert read("<E><Names/></E>").names == ()


def test_a_list_is_read_from_items_of_any_name_from_a_text_and_from_repeated_elements() -> None:
    assert read("<E><Names><string>a</string><x>b</x></Names></E>").names == ("a", "b")
    assert read("<E><Names>a</Names></E>").names == ("a",)
    assert read("<E><Names>a</Names><Names>b</Names></E>").names == ("a", "b")


def test_structures_within_are_read() -> None:
    value = read("<E><Points><Point><X>2</X></Point><Point/></Points><Point><Label>l</Label></Point></E>")
    assert value.points == (Point(label=None, x=2), Point(label=None, x=0))
    assert value.point == Point(label="l", x=0)


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("<Number>x</Number>", "Cannot convert x to System.Int32. Parameter name: Number."),
        ("<Colour>Pink</Colour>", "Cannot convert Pink to the enumeration. Parameter name: Colour."),
        ("<Flag><b/></Flag>", "Cannot convert <b> to System.Boolean. Parameter name: Flag."),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(inside: str, message: str) -> None:
    with pytest.raises(ValueInvalid) as refusal:
        read(f"<E>{inside}</E>")
    assert str(refusal.value) == message


def test_an_enumeration_is_read_by_name_and_by_number() -> None:
    assert read("<E><Colour>Green</Colour></E>").colour is Colour.Green
    assert read("<E><Colour>8</Colour></E>").colour is Colour.Blue


def test_wcf_writes_null_as_nil_and_binds_prefixes_where_they_are_needed() -> None:
    assert wcf_document(WCF, EVERYTHING, EMPTY) == (
        '<Everything xmlns="http://toy.example/" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
        '<Text i:nil="true"/><Flag>false</Flag><Number>0</Number><Small>0</Small><Large>0</Large><Byte>0</Byte>'
        "<Ratio>0</Ratio><Price>0</Price><Moment>0001-01-01T00:00:00</Moment>"
        '<Data i:nil="true"/><Colour>Red</Colour><Maybe i:nil="true"/><Names i:nil="true"/><Points i:nil="true"/>'
        '<Point i:nil="true"/></Everything>'
    )
    full = wcf_document(WCF, EVERYTHING, FULL)
    assert '<Names xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays"><a:string>a</a:string>' in full
    assert '<Points xmlns:a="http://other.example"><a:Point><a:Label>p</a:Label><a:X>1</a:X></a:Point>' in full
    assert '<a:Label i:nil="true"/>' in full
    assert '<Point xmlns:a="http://other.example"><a:Label>q</a:Label>' in full
    assert "<Moment>2026-01-02T03:04:05.98</Moment>" in full


def test_wcf_writes_scalars_in_the_serialization_namespace() -> None:
    assert wcf_document(WCF, STRING, "a") == (
        '<string xmlns="http://schemas.microsoft.com/2003/10/Serialization/">a</string>'
    )


def test_asp_net_leaves_null_out_except_of_value_types() -> None:
    writer = XmlWriter(ASMX, nil_prefix="xsi", spaced=True)
    writer.root("Everything", NS, EVERYTHING, EMPTY)
    assert writer.text() == (
        "<Everything><Flag>false</Flag><Number>0</Number><Small>0</Small><Large>0</Large><Byte>0</Byte>"
        "<Ratio>0</Ratio><Price>0</Price><Moment>0001-01-01T00:00:00</Moment><Colour>Red</Colour>"
        '<Maybe xsi:nil="true" /></Everything>'
    )


def test_asp_net_indents_its_documents() -> None:
    writer = XmlWriter(ASMX, nil_prefix="xsi", indented=True, spaced=True)
    writer.root("Point", NS, structure_of(Point), Point(label="", x=1))
    assert writer.text() == "<Point>\r\n  <Label />\r\n  <X>1</X>\r\n</Point>"


def test_what_is_written_reads_back() -> None:
    back = read(wcf_document(WCF, EVERYTHING, FULL))
    assert back.moment is not None
    assert dataclasses.replace(back, moment=back.moment.replace(tzinfo=UTC)) == FULL


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_text_is_written_well_formed_and_reads_back(text: str, names: list[str]) -> None:
    value = dataclasses.replace(FULL, text=text, names=tuple(names))
    back = read(wcf_document(WCF, EVERYTHING, value))
    assert back.text == (STRING.parse(text) or None)
    assert back.names == tuple(map(STRING.parse, names))
