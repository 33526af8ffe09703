"""The operations of incoming numbers."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import NoParameters, operation
from controller.api.phone_notify.models import AreaCode
from controller.api.phone_notify.requests import AssignNumber, NumberOfKey, NumbersOfAreaCode, SetScript, WithKey
from controller.directory.granted_dids import GrantedDids
from controller.number_kinds import is_toll_free
from controller.numbers import national_digits, try_number

TOLL_FREE = "Toll Free"


class NumberOperations:
    """Gives numbers of the inventory to customers, and takes what shall answer their calls."""

    def __init__(self, dids: GrantedDids) -> None:
        self._dids = dids

    @operation("GetAvailableAreaCodes")
    async def area_codes(self, request: NoParameters, caller: Caller) -> tuple[AreaCode, ...] | None:  # noqa: ARG002
        """The area codes of numbers that are to be had."""
        found: dict[str, str] = {}
        for number in self._dids.available():
            location = TOLL_FREE if is_toll_free(number) else self._dids.location(number)
            found.setdefault(national_digits(number)[:3], location)
        return tuple(AreaCode(number=code, location=location) for code, location in sorted(found.items()))

    @operation("GetAvailableIncomingNumbers")
    async def available(self, request: NumbersOfAreaCode, caller: Caller) -> tuple[str, ...] | None:  # noqa: ARG002
        """Ten numbers, at random, that are to be had in an area code; without one, toll-free numbers."""
        wanted = (request.area_code or "").strip()
        numbers = [
            number
            for number in self._dids.available()
            if (national_digits(number).startswith(wanted) if wanted else is_toll_free(number))
        ]
        return tuple(map(national_digits, self._dids.some_of(numbers)))

    @operation("GetAssignedNumbers")
    async def assigned(self, request: WithKey, caller: Caller) -> tuple[str, ...] | None:
        """The numbers whose calls are the licence key's."""
        key = caller.customer(request.license_key)
        return tuple(map(national_digits, self._dids.of_key(key.name))) if key else ()

    @operation("AssignIncomingNumber")
    async def assign(self, request: AssignNumber, caller: Caller) -> bool:
        """Take a number for the licence key; false when it is not to be had, or somebody else was faster."""
        key, number = caller.customer(request.license_key), try_number(request.number or "")
        if key is None or number is None or "phone" not in key.products or key.demo:
            return False
        return await self._dids.assign(number, key.name)

    @operation("SetIncomingCallScript")
    async def set_script(self, request: SetScript, caller: Caller) -> bool:
        """Say what answers a number of the licence key; false when the number or the script is refused."""
        key, number = caller.customer(request.license_key), try_number(request.number or "")
        if key is None or number is None:
            return False
        refusal = await self._dids.set_script(number, key.name, request.script or "")
        if refusal:
            caller.explain(refusal)
        return not refusal

    @operation("GetIncomingCallScript")
    async def script(self, request: NumberOfKey, caller: Caller) -> str | None:
        """What answers a number of the licence key."""
        key, number = caller.customer(request.license_key), try_number(request.number or "")
        return self._dids.script(number, key.name) if key and number else None
