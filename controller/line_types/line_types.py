"""The line types of numbers: the first provider that can tell, decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from controller.line_types.model import NOTHING_KNOWN, LineFound, LineType, LineTypeProvider


class LineTypes:
    """Asks providers in their order. One that knows the carrier and not the type is asked on, and its carrier kept.

    license_key: for whom; empty for the operator.
    """

    def __init__(self, providers: Sequence[LineTypeProvider]) -> None:
        self._providers = tuple(providers)

    def replace(self, providers: Sequence[LineTypeProvider]) -> None:
        """Ask these from now on."""
        self._providers = tuple(providers)

    def known(self, number: str, license_key: str = "") -> LineFound:
        """What is known of a number (E.164) without waiting; of type unknown where nobody knows."""
        return _merged(provider.known(number, license_key) for provider in self._providers)

    async def of(self, number: str, license_key: str = "") -> LineFound:
        """What is known of a number (E.164), look-ups over the network included. It never fails."""
        found: list[LineFound | None] = []
        for provider in self._providers:
            found.append(await provider.look_up(number, license_key))
            if (last := found[-1]) is not None and last.type is not LineType.UNKNOWN:
                break
        return _merged(found)


def _merged(answers: Iterable[LineFound | None]) -> LineFound:
    """The first answer with a type, with the carrier of whoever knew that before."""
    carrier: LineFound | None = None
    for each in answers:
        if each is None:
            continue
        if each.type is not LineType.UNKNOWN:
            if carrier is None or each.carrier_id:
                return each
            return replace(
                each,
                carrier_id=carrier.carrier_id,
                carrier_name=carrier.carrier_name,
                lata=carrier.lata,
                switch_name=carrier.switch_name,
            )
        carrier = carrier or each
    return carrier or NOTHING_KNOWN
