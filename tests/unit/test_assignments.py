"""The assignment table: read from a file, packed, looked up."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import StateInvalid
from controller.line_types.assignment_file import AssignmentsInvalid, ReadTable, read_assignments
from controller.line_types.assignments import SOURCE, AssignmentTable, Carrier
from controller.line_types.model import LineFound, LineType
from tests.support.examples import examples

DAY = date(2026, 11, 27)


def read(folder: Path, text: str | bytes) -> ReadTable:
    file = folder / "table.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_assignments(file, DAY, lambda rows, share: None)


def found(table: AssignmentTable, number: str) -> tuple[str, str] | None:
    known = table.known(number)
    return None if known is None else (known.type.value, known.carrier_id)


def test_a_thousand_counts_before_its_exchange_even_where_nothing_is_known_of_it(tmp_path: Path) -> None:
    table = read(tmp_path, "201555,1111,wireless\n2015557,2222,voip\n2015558,3333,unknown\n").table
    assert found(table, "+12015556999") == ("mobile", "1111")
    assert found(table, "+12015557000") == ("voip", "2222")
    assert found(table, "+12015558999") == ("unknown", "3333")
    assert found(table, "+12015560000") is None
    assert found(table, "+442015557000") is None
    assert found(table, "12015557000") is None


@pytest.mark.parametrize(
    "text",
    [
        "prefix,carrier,class,name\n201-555-7,2222,VoIP,Acme Tel\n",
        "\ufeffNPANXXX;OCN;Type;Company\r\n2015557;2222;i-VoIP;Acme Tel\r\n",
        "Company\tClass\tOCN\tState\tNPA-NXX-X\nAcme Tel\tCLEC\t2222\tNJ\t201-555-7\n".replace("NPA-NXX-X", "block"),
        "# a remark\n\n2015557,2222,voip,Acme Tel\n",
        "201555 7,9999,mobile,Other\n2015557, 2222 ,voip, Acme Tel \n",
    ],
)
def test_tables_are_written_in_several_ways(tmp_path: Path, text: str) -> None:
    table = read(tmp_path, text).table
    assert table.known("+12015557000") == LineFound(
        LineType.VOIP, SOURCE, DAY, carrier_id="2222", carrier_name="Acme Tel"
    )
    assert len(table) == 1


def test_all_columns_are_told(tmp_path: Path) -> None:
    table = read(tmp_path, "201555,1111,PCS,Acme,224,NWRKNJ02\n").table
    assert table.known("+12015550000") == LineFound(LineType.MOBILE, SOURCE, DAY, "1111", "Acme", "224", "NWRKNJ02")


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Wireless", "mobile"),
        ("ILEC", "landline"),
        ("wireline", "landline"),
        ("IPES", "voip"),
        ("Toll-Free", "toll-free"),
    ],
)
def test_classes_are_the_categories_of_carriers_too(tmp_path: Path, word: str, kind: str) -> None:
    assert found(read(tmp_path, f"201555,1,{word}\n").table, "+12015550000") == (kind, "1")


def test_a_class_that_is_not_known_is_unknown_and_told(tmp_path: Path) -> None:
    made = read(tmp_path, "201555,1,satellite\n201556,1,satellite\n201557,1,\n201558\n")
    assert found(made.table, "+12015550000") == ("unknown", "1")
    assert made.unknown_classes == {"satellite": 2}
    assert made.rows == 4


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "there is no block in it"),
        ("prefix,carrier,class\n", "there is no block in it"),
        ("201555,1,mobile\n20155,1,mobile\n", "table.csv:2: a prefix has six or seven digits"),
        ("201555,1,mobile\n101555,1,mobile\n", "table.csv:2:"),
        ("201555,1,mobile\n20155512,1,mobile\n", "table.csv:2:"),
        ("hello\n" * 30, "and perhaps more"),
        (b"\xff\xfe\x00\x01", "table.csv:1:"),
        ('201555,"' + "x" * 200_000 + '"\n', "not valid CSV"),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_its_line(tmp_path: Path, text: str | bytes, mistake: str) -> None:
    with pytest.raises(AssignmentsInvalid, match=mistake):
        read(tmp_path, text)


def test_progress_is_told_up_to_the_end(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("".join(f"{200 + n // 800}{200 + n % 800}{d},1,mobile\n" for n in range(12_000) for d in range(10)))
    told: list[tuple[int, float]] = []
    read_assignments(file, DAY, lambda rows, share: told.append((rows, share)))
    assert [rows for rows, _ in told] == [50_000, 100_000, 120_000]
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert told[-1][1] == 1.0


PREFIXES = st.from_regex(r"\A[2-9][0-9]{2}[2-9][0-9]{2}[0-9]?\Z")
CARRIERS = st.builds(Carrier, st.sampled_from(LineType), *[st.text(max_size=8)] * 4)


@settings(max_examples=examples(60))
@given(st.dictionaries(PREFIXES, CARRIERS, max_size=40), st.integers(0, 9999))
def test_a_packed_table_says_what_was_put_into_it(blocks: dict[str, Carrier], line: int) -> None:
    table = AssignmentTable.of(blocks, as_of=DAY, file="x.csv")
    again = AssignmentTable.from_bytes(table.to_bytes())
    assert (len(again), again.as_of, again.file) == (len(blocks), DAY, "x.csv")
    for prefix in blocks:
        number = f"+1{prefix[:6]}{prefix[6:]}{line:04}"[:12]
        carrier = blocks.get(number[2:9]) or blocks[number[2:8]]
        known = again.known(number)
        assert known is not None
        assert (known.type, known.carrier_id, known.carrier_name) == (carrier.type, carrier.carrier_id, carrier.name)


@pytest.mark.parametrize(
    "data", [b"", b"x", AssignmentTable.of({"201555": Carrier(LineType.VOIP)}, as_of=DAY).to_bytes()[:-9]]
)
def test_a_damaged_table_is_told(data: bytes) -> None:
    with pytest.raises(StateInvalid):
        AssignmentTable.from_bytes(data)
