"""The garbage collector of a running service."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from controller.service import memory


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_exists_at_the_start_is_not_looked_at_again() -> None:
    kept = [{"container": number} for number in range(100)]
    memory.settle()
    assert gc.get_freeze_count() >= len(kept)
    assert not any(each is kept for each in gc.get_objects())


def test_the_collector_still_finds_cycles_that_are_made_later() -> None:
    memory.settle()
    cycle: list[object] = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1
