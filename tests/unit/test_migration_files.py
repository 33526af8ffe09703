"""The migrations as they are: two that have landed at once do not have the same number."""

from __future__ import annotations

from controller.resources import MIGRATIONS
from controller.store.migrations import Migrations

# From here on numbers are given out ahead, so that work side by side does not meet; some may stay unused.
LAST_IN_A_ROW = 17


def test_each_migration_has_a_number_of_its_own_and_none_of_the_first_is_missing() -> None:
    Migrations(MIGRATIONS)
    numbers = sorted(int(path.name[:4]) for path in MIGRATIONS.glob("*.sql"))
    assert len(numbers) == len(set(numbers))
    assert numbers[:LAST_IN_A_ROW] == list(range(1, LAST_IN_A_ROW + 1))
