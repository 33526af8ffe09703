"""What is different between two versions of a script."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.directory.script_versions import MOST_COMPARED_LINES, differences

LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=30).map("\n".join)


@settings(max_examples=100)
@given(LINES, LINES)
def test_the_differences_turn_one_version_into_the_other(old: str, new: str) -> None:
    lines = differences(old, new)
    assert lines is not None
    before, after = old.splitlines(), new.splitlines()
    for line in lines:
        if line.old:
            assert before[line.old - 1] == line.text
        if line.new:
            assert after[line.new - 1] == line.text
    gone = {line.old for line in lines if line.kind == "gone"}
    come = {line.new for line in lines if line.kind == "new"}
    kept = [text for number, text in enumerate(before, 1) if number not in gone]
    assert kept == [text for number, text in enumerate(after, 1) if number not in come]


def test_only_what_changed_is_shown_with_a_few_lines_around() -> None:
    old = "\n".join(map(str, range(100)))
    lines = differences(old, old.replace("50", "fifty"))
    assert lines is not None
    assert [line.kind for line in lines] == ["skip", *["same"] * 3, "gone", "new", *["same"] * 3, "skip"]
    assert differences(old, old) == []


def test_scripts_without_end_are_not_compared() -> None:
    assert differences("\n" * (MOST_COMPARED_LINES + 1), "") is None
