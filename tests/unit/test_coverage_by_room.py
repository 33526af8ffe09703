"""Coverage is judged by rooms."""

from __future__ import annotations

from tests.support.coverage_by_room import of_rooms, too_low


def summary(lines: int, statements: int, taken: int, branches: int) -> dict[str, dict[str, int]]:
    return {
        "summary": {
            "covered_lines": lines,
            "num_statements": statements,
            "covered_branches": taken,
            "num_branches": branches,
        }
    }


def test_statements_and_branches_of_a_rooms_files_count_together() -> None:
    files = {
        "controller/calls/live.py": summary(9, 10, 1, 2),
        "controller/calls/line/line.py": summary(5, 6, 0, 2),
        "controller/errors.py": summary(3, 3, 0, 0),
        "controller/api/__init__.py": summary(0, 0, 0, 0),
    }
    assert of_rooms({"files": files}) == {"calls": 75.0, "errors": 100.0}


def test_a_room_below_its_limit_is_named_and_one_without_a_figure_too() -> None:
    assert too_low({"calls": 90.0, "script": 95.0}, {"calls": 90.0, "script": 90.0}) == []
    (calls, script) = too_low({"calls": 89.9}, {"calls": 90.0, "script": 90.0})
    assert "calls/ is at 89.9 %" in calls
    assert "script/ is at 0.0 %" in script
