"""Where a number is reached: which of Asterisk's endpoints an outgoing leg goes to."""

from __future__ import annotations

from collections.abc import Callable

from controller.directory.current import CurrentDirectory
from controller.directory.destinations import Destinations
from controller.directory.snapshot import Trunk
from controller.errors import PhoneNumberInvalid
from controller.numbers import national_digits, parse_number, try_number

# Where the dialplan takes calls to DIDs.
INCOMING_CONTEXT = "ringpost-incoming"


class Routes:
    """Numbers of our own phones go to the phones, all others through the trunk whose prefix fits best.

    rests: whether a trunk is left alone now, by its name; it is taken when no other one leads there.
    """

    def __init__(self, directory: CurrentDirectory, rests: Callable[[str], bool] = lambda _trunk: False) -> None:
        self._directory = directory
        self._rests = rests

    def endpoint_for(self, target: str, key_name: str, through: str = "") -> str:
        """The dial string for a phone number, or for `sip:NAME` of one of our phones, on a call of a licence key.

        through: the trunk to take, by its name, of those that lead there; else the best one.
        PhoneNumberInvalid when it is neither, when the key may not call it, or when no trunk leads there.
        """
        snapshot = self._directory.snapshot
        if target.lower().startswith("sip:"):
            name = target[4:]
            if snapshot.phone_of(key_name, name) is None:
                raise PhoneNumberInvalid(f"no phone is named “{name}”")
            return f"PJSIP/{name}"
        number = parse_number(target)
        if phone := snapshot.phone_by_number(number):
            return f"PJSIP/{phone.name}"
        if refusal := snapshot.destinations(key_name).refusal(number):
            raise PhoneNumberInvalid(refusal)
        if trunk := snapshot.trunks.get(through) or self._trunk_for(number):
            return f"PJSIP/{as_trunk_writes(number, trunk)}@{trunk.name}"
        raise PhoneNumberInvalid("no trunk leads to this number")

    def inside(self, target: str) -> str | None:
        """The dial string for a DID of ours: its calls need no carrier. None for any other number."""
        number = try_number(target)
        snapshot = self._directory.snapshot
        if number is None or snapshot.phone_by_number(number) or snapshot.did(number) is None:
            return None
        return f"Local/{number.lstrip('+')}@{INCOMING_CONTEXT}/n"

    def may_show(self, key_name: str, number: str) -> bool:
        """Whether calls of a licence key may show this number, as people write it."""
        return self._directory.snapshot.may_show(key_name, try_number(number) or number)

    def destinations(self, key_name: str) -> Destinations:
        """What a licence key may call."""
        return self._directory.snapshot.destinations(key_name)

    def trunk_to(self, target: str) -> str:
        """The name of the trunk that leads to `target`; empty when none is needed, or none leads there."""
        trunk = self._trunk_for(target)
        return trunk.name if trunk else ""

    def trunks_to(self, target: str) -> list[str]:
        """The names of all trunks that lead to `target`, the best first, whether they rest or not; none when none is
        needed or leads there."""
        snapshot, number = self._directory.snapshot, try_number(target)
        if number is None or snapshot.phone_by_number(number):
            return []
        return [trunk.name for trunk in snapshot.trunks_for(number)]

    def shown_to(self, target: str, caller: str, through: str = "") -> str:
        """A caller's number (E.164) as who is reached at `target` wants it; anything else as it is. through: as in
        `endpoint_for`."""
        number = try_number(caller)
        if number is None:
            return caller
        trunk = self._directory.snapshot.trunks.get(through) or self._trunk_for(target)
        return number.lstrip("+") if trunk is None else as_trunk_writes(number, trunk)

    def _trunk_for(self, target: str) -> Trunk | None:
        snapshot, number = self._directory.snapshot, try_number(target)
        if number is None or snapshot.phone_by_number(number):
            return None
        return min(snapshot.trunks_for(number), key=lambda trunk: self._rests(trunk.name), default=None)


def as_trunk_writes(number: str, trunk: Trunk) -> str:
    """A number (E.164) in the form that the trunk uses."""
    if trunk.number_format == "national":
        return national_digits(number)
    return number if trunk.number_format == "e164" else number.lstrip("+")
