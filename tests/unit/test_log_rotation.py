"""Logs are kept to a size, whoever goes on writing them."""

from __future__ import annotations

from pathlib import Path

from controller.embedded.log_rotation import rotate


def test_a_large_log_is_put_aside_and_its_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "asterisk.log"
    with path.open("ab", buffering=0) as writer:
        for number in range(5):
            writer.write(b"x" * 100 + b"%d" % number)
            assert rotate(tmp_path, 50, keep=3) == ["asterisk.log"]
            assert rotate(tmp_path, 50, keep=3) == []
        writer.write(b"afterwards")
    assert path.read_bytes() == b"afterwards"
    assert [(tmp_path / f"asterisk.log.{number}").read_bytes()[-1:] for number in (1, 2, 3)] == [b"4", b"3", b"2"]
    assert len(list(tmp_path.iterdir())) == 4


def test_small_logs_other_files_and_links_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "small.log").write_bytes(b"x")
    (tmp_path / "data.bin").write_bytes(b"x" * 1000)
    (tmp_path / "linked.log").symlink_to(tmp_path / "data.bin")
    assert rotate(tmp_path, 50, keep=3) == []
    assert (tmp_path / "data.bin").stat().st_size == 1000


def test_nothing_older_is_kept_if_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "postgres.log").write_bytes(b"x" * 100)
    assert rotate(tmp_path, 50, keep=0) == ["postgres.log"]
    assert [path.name for path in tmp_path.iterdir()] == ["postgres.log"]
