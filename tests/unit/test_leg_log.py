"""Asterisk's log of legs: what its lines tell, and how the file is kept short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.asterisk.leg_log import LegLog, legs_of
from tests.support.leg_lines import answer_line, end_line

AT = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)
LATER = AT + timedelta(seconds=61.5)


def test_a_leg_lasts_from_its_answer_to_its_end() -> None:
    (leg,) = legs_of([answer_line("7.1", AT), end_line("7.1", LATER)])
    assert (leg.channel_id, leg.endpoint, leg.answered_at, leg.ended_at) == ("7.1", "carrier", AT, LATER)
    assert leg.application[:4] == ("Stasis", "ringpost", "incoming", "+12015550101")
    assert (leg.caller, leg.withheld) == ("12125550123", False)


def test_a_leg_that_is_up_has_no_end_and_one_that_was_not_answered_is_none() -> None:
    assert [leg.ended_at for leg in legs_of([end_line("7.2", AT), answer_line("7.1", AT)])] == [None]


def test_a_channel_that_is_used_again_is_another_leg() -> None:
    twice = [answer_line("t", AT), end_line("t", AT), answer_line("t", LATER), end_line("t", LATER)]
    assert [leg.ended_at for leg in legs_of(twice)] == [AT, LATER]


def test_what_a_stranger_wrote_stays_one_value() -> None:
    line = answer_line("7.1", AT, caller='"Eve", <sip:1>\nANSWER,1,2', presentation="prohib_passed_screen")
    (leg,) = legs_of([line])
    assert (leg.caller, leg.withheld) == ('"Eve", <sip:1>\nANSWER,1,2', True)


@pytest.mark.parametrize("moment", ["", "nan", "1e99", "-1e99", "inf"])
def test_a_line_without_a_moment_is_left_out(moment: str) -> None:
    line = answer_line("7.1", AT).split(",")
    line[1] = moment
    assert legs_of([",".join(line), answer_line("7.2", AT)])[0].channel_id == "7.2"


@given(st.lists(st.text(alphabet="ANSWERCHD_,0123456789.=\n", max_size=60) | st.text(max_size=60)))
def test_no_line_is_too_odd(lines: list[str]) -> None:
    legs_of(lines)


def test_a_file_that_is_not_there_tells_nothing(tmp_path: Path) -> None:
    for log in (LegLog(None), LegLog(tmp_path / "legs.csv")):
        log.rotate()
        assert log.read() == []


def test_a_young_file_is_kept_and_an_old_one_is_put_aside_once(tmp_path: Path) -> None:
    file = tmp_path / "legs.csv"
    log = LegLog(file)

    file.write_text(answer_line("young", datetime.now(UTC)) + "\n")
    log.rotate()
    assert file.exists()

    for channel in ("old", "older"):
        file.write_text(answer_line(channel, AT - timedelta(days=1)) + "\n")
        log.rotate()
        assert not file.exists()
        assert [leg.channel_id for leg in log.read()] == [channel]

    file.write_text(answer_line("new", AT) + "\n")
    assert [leg.channel_id for leg in log.read()] == ["older", "new"]


def test_a_file_that_is_none_of_asterisks_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "legs.csv"
    file.write_bytes(b"\xff\xfe\x00nonsense\n")
    log = LegLog(file)
    assert log.read() == []
    log.rotate()
    assert not file.exists()


def test_a_file_that_cannot_be_read_stops_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "legs.csv"
    folder.mkdir()
    log = LegLog(folder)
    assert log.read() == []
    log.rotate()
