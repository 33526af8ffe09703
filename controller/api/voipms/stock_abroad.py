"""Methods about numbers of the stock outside of North America, which are ordered by country."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

import phonenumbers

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.refusal import Refused
from controller.api.voipms.countries import COUNTRIES
from controller.api.voipms.did_checks import info_settings, one_of, required
from controller.api.voipms.did_models import (
    DidCountriesAnswer,
    DidCountry,
    Location,
    LocationsAnswer,
    OfCountry,
    OneDidCountry,
    OrderLocation,
)
from controller.api.voipms.reference import INTERNATIONAL_TYPES
from controller.api.voipms.routing_checks import RoutingChecks
from controller.api.voipms.stock import DATE
from controller.api.voipms.values import is_test, whole
from controller.directory.current import CurrentDirectory
from controller.directory.granted_dids import GrantedDids
from controller.directory.snapshot import Did
from controller.number_kinds import kind_of

MOST_AT_ONCE = 100

_NAMES = dict(COUNTRIES)
# The numbers of countries never change: their letters count as digits to the base of 26.
_IDS = {code: str((ord(code[0]) - 65) * 26 + ord(code[1]) - 64) for code in _NAMES if code.isalpha() and len(code) == 2}
_CODES = {number: code for code, number in _IDS.items()}
_KINDS = {
    phonenumbers.PhoneNumberType.TOLL_FREE: "TOLLFREE",
    phonenumbers.PhoneNumberType.UAN: "NATIONAL",
    phonenumbers.PhoneNumberType.VOIP: "NATIONAL",
    phonenumbers.PhoneNumberType.SHARED_COST: "NATIONAL",
}


class StockAbroadMethods:
    """A place is a country: the configuration knows no areas abroad."""

    def __init__(
        self, directory: CurrentDirectory, dids: GrantedDids, checks: RoutingChecks, now: Callable[[], datetime]
    ) -> None:
        """now: gives the time in the zone that this interface shows."""
        self._directory = directory
        self._dids = dids
        self._checks = checks
        self._now = now

    @operation("getDIDCountries")
    async def countries(self, request: OneDidCountry, _caller: Caller) -> DidCountriesAnswer:
        """The countries that there are numbers of."""
        kinds = tuple(kind for kind, _ in INTERNATIONAL_TYPES)
        kind = one_of(kinds, required(request.type, "missing_type").upper(), "invalid_type")
        found = [code for code in self._stock(kind) if request.country_id.strip() in ("", _IDS[code])]
        if not found:
            raise Refused("invalid_countryid" if request.country_id.strip() else "no_did")
        rows = sorted((_NAMES[code], _IDS[code]) for code in found)
        return DidCountriesAnswer(countries=tuple(DidCountry(value=number, description=name) for name, number in rows))

    @operation("getDIDsInternationalGeographic")
    async def geographic(self, request: OfCountry, _caller: Caller) -> LocationsAnswer:
        """The places of a country that there are ordinary numbers of."""
        return self._locations(request, "GEO")

    @operation("getDIDsInternationalNational")
    async def national(self, request: OfCountry, _caller: Caller) -> LocationsAnswer:
        """The places of a country that there are numbers of that belong to no area."""
        return self._locations(request, "NATIONAL")

    @operation("getDIDsInternationalTollFree")
    async def toll_free(self, request: OfCountry, _caller: Caller) -> LocationsAnswer:
        """The places of a country that there are toll-free numbers of."""
        return self._locations(request, "TOLLFREE")

    @operation("orderDIDInternationalGeographic")
    async def order_geographic(self, request: OrderLocation, caller: Caller) -> None:
        """Take ordinary numbers of a place out of the stock."""
        await self._order(request, caller, "GEO")

    @operation("orderDIDInternationalNational")
    async def order_national(self, request: OrderLocation, caller: Caller) -> None:
        """Take numbers that belong to no area out of the stock."""
        await self._order(request, caller, "NATIONAL")

    @operation("orderDIDInternationalTollFree")
    async def order_toll_free(self, request: OrderLocation, caller: Caller) -> None:
        """Take toll-free numbers of a place out of the stock."""
        await self._order(request, caller, "TOLLFREE")

    def _stock(self, kind: str) -> dict[str, list[Did]]:
        """The numbers of a kind that nobody has, by their country."""
        found: defaultdict[str, list[Did]] = defaultdict(list)
        for did in self._directory.snapshot.dids.values():
            if did.owners or did.number.startswith("+1"):
                continue
            code = kind_of(did.number).region
            if code in _IDS and _KINDS.get(phonenumbers.number_type(phonenumbers.parse(did.number)), "GEO") == kind:
                found[code].append(did)
        return found

    def _locations(self, request: OfCountry, kind: str) -> LocationsAnswer:
        code = _CODES.get(required(request.country_id, "missing_countryid"))
        if code is None:
            raise Refused("invalid_countryid")
        dids = self._stock(kind).get(code)
        if not dids:
            raise Refused("no_did")
        place = Location(
            location_id=_IDS[code],
            location_name=dids[0].description or _NAMES[code],
            country=_NAMES[code],
            area_code="",
            stock=str(len(dids)),
        )
        return LocationsAnswer(locations=(place,))

    async def _order(self, request: OrderLocation, caller: Caller, kind: str) -> None:
        key = caller.account
        code = _CODES.get(required(request.location_id, "missing_location"))
        if code is None:
            raise Refused("invalid_location")
        quantity = whole(required(request.quantity, "missing_params"), 1, MOST_AT_ONCE, "invalid_quantity")
        dids = self._stock(kind).get(code, [])
        if len(dids) < quantity:
            raise Refused("unsifficient_stock")
        theirs = Did(dids[0].number, voice=key, sms=key if "sms" in key.products else None)
        settings = info_settings(theirs, key, request, self._checks)
        settings["order_date"] = self._now().strftime(DATE)
        if is_test(request.test):
            return
        taken = 0
        for did in dids:
            # Somebody else may be faster with one or another.
            if taken < quantity and await self._dids.order(did.number, key.name, settings):
                taken += 1
        if taken < quantity:
            raise Refused("unsifficient_stock", f"Only {taken} of {quantity} numbers were left, and are yours now.")
