"""Methods about numbers of the stock: searched by place and digits, ordered, and given back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime

from controller.api.auth import Caller
from controller.api.bindings.declaration import NoParameters, operation
from controller.api.bindings.refusal import Refused
from controller.api.voipms.did_checks import info_settings, one_of, required
from controller.api.voipms.did_models import (
    CancelDid,
    DidsOfPlace,
    OrderDid,
    Province,
    ProvincesAnswer,
    RateCenter,
    RateCentersAnswer,
    SearchDids,
    State,
    StatesAnswer,
    StockAnswer,
    StockDid,
)
from controller.api.voipms.routing_checks import RoutingChecks
from controller.api.voipms.values import did_of, is_test, shown
from controller.area_codes import PROVINCES, STATES, region_of
from controller.directory.current import CurrentDirectory
from controller.directory.granted_dids import GrantedDids
from controller.directory.snapshot import Did
from controller.number_kinds import is_toll_free
from controller.numbers import try_number

SEARCHES = ("starts", "contains", "ends")
DATE = "%Y-%m-%d %H:%M:%S"


class StockMethods:
    """The numbers that the configuration gives to nobody, and nobody took."""

    def __init__(
        self,
        directory: CurrentDirectory,
        dids: GrantedDids,
        checks: RoutingChecks,
        now: Callable[[], datetime],
    ) -> None:
        """now: gives the time in the zone that this interface shows."""
        self._directory = directory
        self._dids = dids
        self._checks = checks
        self._now = now

    @operation("getStates")
    async def states(self, _request: NoParameters, _caller: Caller) -> StatesAnswer:
        """The states of the United States."""
        return StatesAnswer(states=tuple(State(state=code, description=name) for code, (name, _) in STATES.items()))

    @operation("getProvinces")
    async def provinces(self, _request: NoParameters, _caller: Caller) -> ProvincesAnswer:
        """The provinces of Canada."""
        found = tuple(Province(province=code, description=name) for code, (name, _) in PROVINCES.items())
        return ProvincesAnswer(provinces=found)

    @operation("getRateCentersUSA")
    async def rate_centers_usa(self, request: DidsOfPlace, _caller: Caller) -> RateCentersAnswer:
        """The rate centers of a state that there are numbers of."""
        return self._rate_centers(_state(request.state))

    @operation("getRateCentersCAN")
    async def rate_centers_canada(self, request: DidsOfPlace, _caller: Caller) -> RateCentersAnswer:
        """The rate centers of a province that there are numbers of."""
        return self._rate_centers(_province(request.province))

    @operation("getDIDsUSA")
    async def dids_usa(self, request: DidsOfPlace, _caller: Caller) -> StockAnswer:
        """The numbers of a state that can be ordered."""
        return self._found(self._of_place(_state(request.state), request.ratecenter))

    @operation("getDIDsCAN")
    async def dids_canada(self, request: DidsOfPlace, _caller: Caller) -> StockAnswer:
        """The numbers of a province that can be ordered."""
        return self._found(self._of_place(_province(request.province), request.ratecenter))

    @operation("searchDIDsUSA")
    async def search_usa(self, request: SearchDids, _caller: Caller) -> StockAnswer:
        """The numbers of the United States with certain digits that can be ordered."""
        codes = {_state(request.state)} if request.state.strip() else set(STATES)
        return self._found(self._searched(request, lambda did: _code(did) in codes))

    @operation("searchDIDsCAN")
    async def search_canada(self, request: SearchDids, _caller: Caller) -> StockAnswer:
        """The numbers of Canada with certain digits that can be ordered."""
        codes = {_province(request.province)} if request.province.strip() else set(PROVINCES)
        return self._found(self._searched(request, lambda did: _code(did) in codes))

    @operation("searchTollFreeUSA")
    async def search_toll_free_usa(self, request: SearchDids, _caller: Caller) -> StockAnswer:
        """The toll-free numbers that can be ordered."""
        return self._toll_free(request)

    @operation("searchTollFreeCanUS")
    async def search_toll_free(self, request: SearchDids, _caller: Caller) -> StockAnswer:
        """The toll-free numbers that can be ordered."""
        return self._toll_free(request)

    @operation("searchVanity")
    async def search_vanity(self, request: SearchDids, _caller: Caller) -> StockAnswer:
        """The toll-free numbers that spell a word; a star stands for any digit. type: of the area code, such as 8**."""
        area = (request.type.strip() or "8**").replace("*", ".")
        query = required(request.query, "missing_query").replace("*", ".")
        if re.fullmatch(r"8[0-9.]{2}", area) is None:
            raise Refused("invalid_type")
        if re.fullmatch(r"[A-Za-z0-9.]{1,10}", query) is None:
            raise Refused("invalid_query")
        spelt = re.compile(query.lower().translate(_KEYPAD))
        numbers = (did for did in self._stock() if is_toll_free(did.number))
        return self._found(
            did
            for did in numbers
            if re.match(area, shown(did.number)) and spelt.search(shown(did.number)[0 if len(query) > 7 else 3 :])
        )

    @operation("orderVanity")
    async def order_vanity(self, request: OrderDid, caller: Caller) -> None:
        """Take a toll-free number that spells a word out of the stock."""
        await self.order_toll_free(request, caller)

    @operation("orderDID")
    async def order(self, request: OrderDid, caller: Caller) -> None:
        """Take a number out of the stock."""
        await self._order(request, caller)

    @operation("orderTollFree")
    async def order_toll_free(self, request: OrderDid, caller: Caller) -> None:
        """Take a toll-free number out of the stock."""
        number = try_number(request.did)
        if request.did.strip() and (number is None or not is_toll_free(number)):
            raise Refused("invalid_did")
        await self._order(request, caller)

    @operation("cancelDID")
    async def cancel(self, request: CancelDid, caller: Caller) -> None:
        """Put a number back into the stock."""
        key = caller.account
        did = did_of(self._directory.snapshot, key, required(request.did, "missing_did"))
        if not did.granted:
            raise Refused("cancel_failed", "The configuration gives this number to the account.")
        if not is_test(request.test) and not await self._dids.cancel(did.number, key.name):
            raise Refused("cancel_failed", "The number was changed meanwhile.")

    async def _order(self, request: OrderDid, caller: Caller) -> None:
        key = caller.account
        number = try_number(required(request.did, "missing_did"))
        did = self._directory.snapshot.did(number) if number else None
        if did is None:
            raise Refused("invalid_did")
        if did.owners:
            raise Refused("did_in_use")
        if key.suspended:
            raise Refused("Unable_to_purchase", "This account is suspended.")
        # It is judged as if it were the account's already.
        theirs = Did(did.number, voice=key, sms=key if "sms" in key.products else None)
        settings = info_settings(theirs, key, request, self._checks)
        settings["order_date"] = self._now().strftime(DATE)
        if is_test(request.test):
            return
        if not await self._dids.order(did.number, key.name, settings):
            raise Refused("did_in_use")

    def _stock(self) -> list[Did]:
        return [did for did in self._directory.snapshot.dids.values() if not did.owners]

    def _of_place(self, code: str, ratecenter: str) -> list[Did]:
        wanted = ratecenter.strip().lower()
        return [did for did in self._stock() if _code(did) == code and wanted in ("", _rate_center(did).lower())]

    def _searched(self, request: SearchDids, fits: Callable[[Did], bool]) -> list[Did]:
        kind = one_of(SEARCHES, required(request.type, "missing_type").lower(), "invalid_type")
        query = required(request.query, "missing_query")
        if not query.isalnum():
            raise Refused("invalid_query")
        return [did for did in self._stock() if fits(did) and _matches(shown(did.number), kind, query)]

    def _toll_free(self, request: SearchDids) -> StockAnswer:
        if not request.query.strip():
            return self._found(did for did in self._stock() if is_toll_free(did.number))
        return self._found(self._searched(request, lambda did: is_toll_free(did.number)))

    def _rate_centers(self, code: str) -> RateCentersAnswer:
        names = sorted({_rate_center(did) for did in self._stock() if _code(did) == code})
        if not names:
            raise Refused("no_ratecenters", "There are no numbers of this place.")
        return RateCentersAnswer(ratecenters=tuple(RateCenter(ratecenter=name, available="yes") for name in names))

    @staticmethod
    def _found(dids: Iterable[Did]) -> StockAnswer:
        found = tuple(_stock_did(did) for did in dids)
        if not found:
            raise Refused("no_did")
        return StockAnswer(dids=found)


def _state(text: str) -> str:
    return one_of(tuple(STATES), required(text, "missing_state").upper(), "invalid_state")


def _province(text: str) -> str:
    return one_of(tuple(PROVINCES), required(text, "missing_province").upper(), "invalid_province")


def _code(did: Did) -> str:
    region = region_of(did.number)
    return region[0] if region else ""


def _rate_center(did: Did) -> str:
    """What the configuration calls the place, else the name of the state or province."""
    region = region_of(did.number)
    return did.description or (region[1] if region else "")


_KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")


def _matches(digits: str, kind: str, query: str) -> bool:
    wanted = query.lower().translate(_KEYPAD)
    if kind == "starts":
        return digits.startswith(wanted)
    return digits.endswith(wanted) if kind == "ends" else wanted in digits


def _stock_did(did: Did) -> StockDid:
    code, name = region_of(did.number) or ("", "")
    canadian = code in PROVINCES
    return StockDid(
        did=shown(did.number),
        ratecenter=_rate_center(did),
        state=None if canadian else code,
        state_description=None if canadian else name,
        province=code if canadian else None,
        province_description=name if canadian else None,
    )
