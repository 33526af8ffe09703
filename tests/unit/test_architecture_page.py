"""docs/architecture.md says of the rooms what the linter holds."""

from __future__ import annotations

from tests.support.room_tables import PAGE, contracts, written


def test_the_tables_of_rooms_are_those_of_the_contracts() -> None:
    page = PAGE.read_text()
    assert page == written(page), "run `make docs`"


def test_every_contract_is_shown_with_every_room() -> None:
    page = PAGE.read_text()
    for contract in contracts():
        assert contract["name"] in page
        assert contract["type"] in ("layers", "forbidden"), "the page cannot show this kind of contract"
