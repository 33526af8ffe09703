"""The migrations that are delivered, without a database."""

from __future__ import annotations

from controller.resources import MIGRATIONS


def test_each_migration_has_a_number_of_its_own_and_none_is_left_out() -> None:
    numbers = sorted(int(path.name.partition("_")[0]) for path in MIGRATIONS.glob("*.sql"))
    assert numbers == list(range(1, len(numbers) + 1))
