"""Methods about caller-ID filters: calls of some callers go elsewhere than a number's routing says."""

from __future__ import annotations

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.did_checks import required
from controller.api.voipms.entry_book import EntryBook
from controller.api.voipms.place_values import shown_e164, text_of
from controller.api.voipms.routing_checks import RoutingChecks
from controller.api.voipms.values import did_of
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries, Entry
from controller.directory.granted_places import ALL_NUMBERS, CALLER_FILTER, CONTACT_GROUP, WHOLE_PHONEBOOK
from controller.directory.snapshot import LicenseKey
from controller.errors import CallerPatternInvalid
from controller.ivr.caller_filters import read_callers


@parameters
class FilteringFilter:
    """Which filter, or the filters of which number; all without either."""

    filtering: str = element("filtering", default="")
    did: str = element("did", default="")


@structure("CallerIDFiltering", NAMESPACE)
class FilteringInfo:
    """A filter: what setCallerIDFiltering takes."""

    filtering: str = element("filtering")
    callerid: str = element("callerid")
    did: str = element("did")
    routing: str = element("routing")
    failover_unreachable: str = element("failover_unreachable")
    failover_busy: str = element("failover_busy")
    failover_noanswer: str = element("failover_noanswer")
    note: str = element("note")


@structure("getCallerIDFilteringOutput", NAMESPACE)
class FilteringsAnswer:
    """Filters."""

    filtering: tuple[FilteringInfo, ...] = element("filtering")


@parameters
class SetFiltering:
    """A filter; a new one where no number of one is given, as `filter` or as `filtering`."""

    filter: str = element("filter", default="")
    filtering: str = element("filtering", default="")
    callerid: str = element("callerid", default="")
    did: str = element("did", default="")
    routing: str = element("routing", default="")
    failover_unreachable: str = element("failover_unreachable", default="")
    failover_busy: str = element("failover_busy", default="")
    failover_noanswer: str = element("failover_noanswer", default="")
    note: str = element("note", default="")


@structure("setCallerIDFilteringOutput", NAMESPACE)
class FilteringAnswer:
    """The number of a filter."""

    filtering: int = element("filtering")


class CallerFilteringMethods:
    """An exact number goes before wildcards, and those in the order in which they were made."""

    def __init__(self, directory: CurrentDirectory, entries: Entries, checks: RoutingChecks) -> None:
        self._directory = directory
        self._entries = entries
        self._checks = checks
        self._book = EntryBook(entries, CALLER_FILTER, "filter")

    @operation("getCallerIDFiltering")
    async def filters(self, request: FilteringFilter, caller: Caller) -> FilteringsAnswer:
        """The account's filters, one of them, or those of a number."""
        key = caller.account
        found = self._book.listed(key, request.filtering)
        if request.did.strip():
            about = self._number(key, request.did)
            found = [entry for entry in found if entry.content["did"] == about]
            if not found:
                raise Refused("no_filter")
        return FilteringsAnswer(filtering=tuple(map(_info, found)))

    @operation("setCallerIDFiltering")
    async def set_filter(self, request: SetFiltering, caller: Caller) -> FilteringAnswer:
        """Add a filter, or change one."""
        key = caller.account
        entry = self._book.maybe(key, request.filter or request.filtering)
        callers = self._callers(key, required(request.callerid, "missing_callerid"))
        number = self._number(key, required(request.did, "missing_did"))
        about = "" if number == ALL_NUMBERS else number
        self._no_other(key, entry, callers, number)
        content = {
            "callerid": callers,
            "did": number,
            "routing": self._checks.routing(key, request.routing, about),
            "failover_unreachable": self._checks.failover(key, request.failover_unreachable, about),
            "failover_busy": self._checks.failover(key, request.failover_busy, about),
            "failover_noanswer": self._checks.failover(key, request.failover_noanswer, about),
            "note": text_of(request.note, "invalid_note"),
        }
        return FilteringAnswer(filtering=await self._book.save(key, entry, content))

    @operation("delCallerIDFiltering")
    async def delete(self, request: FilteringFilter, caller: Caller) -> None:
        """Delete a filter."""
        await self._book.delete(caller.account, required(request.filtering, "missing_filter"))

    def _no_other(self, key: LicenseKey, entry: Entry | None, callers: str, number: str) -> None:
        """Refused where another filter is about the same callers of the same number: it would never be reached."""
        for other in self._book.all(key):
            same = (other.content["callerid"], other.content["did"]) == (callers, number)
            if same and (entry is None or other.entry_id != entry.entry_id):
                raise Refused("used_filter")

    def _number(self, key: LicenseKey, text: str) -> str:
        if text.strip().lower() == ALL_NUMBERS:
            return ALL_NUMBERS
        return did_of(self._directory.snapshot, key, text).number

    def _callers(self, key: LicenseKey, text: str) -> str:
        """Whom a filter is about, as it is stored. Refused; STIR/SHAKEN levels are not known here."""
        head, _, group = text.lower().partition(":")
        if head == WHOLE_PHONEBOOK:
            if group and self._entries.get(key.name, CONTACT_GROUP, group) is None:
                raise Refused("invalid_callerid", "There is no such group in the phonebook.")
            return f"{WHOLE_PHONEBOOK}:{group.strip()}" if group else WHOLE_PHONEBOOK
        try:
            return read_callers(text)
        except CallerPatternInvalid as error:
            raise Refused("invalid_callerid", str(error)) from None


def _info(entry: Entry) -> FilteringInfo:
    content = entry.content
    number = content["did"]
    return FilteringInfo(
        filtering=str(entry.entry_id),
        callerid=content["callerid"],
        did=number if number == ALL_NUMBERS else shown_e164(number),
        routing=content["routing"],
        failover_unreachable=content["failover_unreachable"],
        failover_busy=content["failover_busy"],
        failover_noanswer=content["failover_noanswer"],
        note=content["note"],
    )
