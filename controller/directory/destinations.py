"""Destinations: which numbers a licence key may call. Whatever dials asks here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from controller.number_kinds import NO_COUNTRY, NORTH_AMERICA, kind_of, not_open, special_reason
from controller.numbers import is_e164


@dataclass(frozen=True, slots=True)
class Destinations:
    """countries: ISO 3166 letters of those that are open. prefixes: what is open besides ("+4930").

    A country opens its ordinary numbers. A prefix opens what it names: numbers that are dear or odd (premium rate,
    shared cost, satellite, personal numbers, islands of +1) only when it says more than the country. open_transfers:
    scripts may transfer calls to a number that a caller or a queried server names. own: numbers of this installation,
    which are always open.
    """

    countries: frozenset[str] = NORTH_AMERICA
    prefixes: tuple[str, ...] = ()
    open_transfers: bool = False
    own: Set[str] = field(default=frozenset(), repr=False, compare=False)

    def refusal(self, number: str) -> str | None:
        """Why a number (E.164, or short digits as dialled) may not be called, as a clause; None when it may."""
        if number in self.own:
            return None
        if not is_e164(number):
            return special_reason(number)
        kind = kind_of(number)
        named = any(number.startswith(prefix) and len(prefix) > kind.named_by for prefix in self.prefixes)
        if kind.emergency or (kind.special and not named):
            return special_reason(number)
        return None if named or kind.region in self.countries else not_open(kind.region)


def countries_of(numbers: Iterable[str]) -> frozenset[str]:
    """What a key that names no destinations may call: the countries of its own numbers (E.164).

    North America is the US and Canada only; so are the countries of a key without numbers.
    """
    countries = {kind_of(number).region for number in numbers} - {"", NO_COUNTRY}
    return frozenset(countries | NORTH_AMERICA) if not countries or countries & NORTH_AMERICA else frozenset(countries)
