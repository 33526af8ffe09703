"""The migrations as they are: two that have landed at once do not have the same number."""

from __future__ import annotations

from controller.resources import MIGRATIONS
from controller.store.migrations import Migrations


def test_each_migration_has_a_number_of_its_own_and_none_is_missing() -> None:
    Migrations(MIGRATIONS)
    numbers = sorted(int(path.name[:4]) for path in MIGRATIONS.glob("*.sql"))
    assert numbers == list(range(1, len(numbers) + 1))
