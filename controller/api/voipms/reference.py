"""Reference lists: the values that other methods' parameters can have, as `value` and `description`.

They name what Ringpost has: its phones speak SIP and log in with a password, and there is one server.
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import available_timezones

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.countries import COUNTRIES

LANGUAGES = (("en", "English"), ("es", "Español"), ("fr", "Français"))
LOCALES = (("en-US", "English (United States)"), ("es-US", "Spanish (United States)"), ("fr-CA", "French (Canada)"))
LOCKS = (("0", "International Calls Enabled"), ("1", "International Calls Disabled"))
ROUTES = (("1", "Value"), ("2", "Premium"))
INTERNATIONAL_TYPES = (("GEO", "Geographic"), ("NATIONAL", "National"), ("TOLLFREE", "Toll Free"))
BALANCE_MANAGEMENT = (("1", "Allow negative balance"), ("2", "Do not allow negative balance"))


Pairs = Sequence[tuple[str, str]]


@structure("Choice", NAMESPACE)
class Choice:
    """One value, and what it means."""

    value: str = element("value")
    description: str = element("description")


@structure("Server", NAMESPACE)
class Server:
    """A server."""

    server_name: str = element("server_name")
    server_shortname: str = element("server_shortname")
    server_hostname: str = element("server_hostname")
    server_ip: str = element("server_ip")
    server_country: str = element("server_country")
    server_pop: str = element("server_pop")
    server_recommended: str = element("server_recommended")


@parameters
class OneServer:
    """Which server; empty for all."""

    server_pop: str = element("server_pop", default="")


@structure("getServersInfoOutput", NAMESPACE)
class ServersAnswer:
    """Servers."""

    servers: tuple[Server, ...] = element("servers")


@parameters
class OneLanguage:
    """Which one; empty for all."""

    wanted: str = element("language", default="")


@structure("getLanguagesOutput", NAMESPACE)
class LanguagesAnswer:
    """The languages of IVRs and mailboxes."""

    found: tuple[Choice, ...] = element("languages")


@parameters
class OneLocale:
    """Which one; empty for all."""

    wanted: str = element("locale", default="")


@structure("getLocalesOutput", NAMESPACE)
class LocalesAnswer:
    """The languages that texts can be spoken in."""

    found: tuple[Choice, ...] = element("locales")


@parameters
class OneLock:
    """Which one; empty for all."""

    wanted: str = element("lock_international", default="")


@structure("getLockInternationalOutput", NAMESPACE)
class LocksAnswer:
    """Whether international calls are possible."""

    found: tuple[Choice, ...] = element("lock_international")


@parameters
class OneRoute:
    """Which one; empty for all."""

    wanted: str = element("route", default="")


@structure("getRoutesOutput", NAMESPACE)
class RoutesAnswer:
    """The routes of outgoing calls."""

    found: tuple[Choice, ...] = element("routes")


@parameters
class OneInternationalType:
    """Which one; empty for all."""

    wanted: str = element("type", default="")


@structure("getInternationalTypesOutput", NAMESPACE)
class InternationalTypesAnswer:
    """The kinds of international numbers."""

    found: tuple[Choice, ...] = element("types")


@parameters
class OneBalanceManagement:
    """Which one; empty for all."""

    wanted: str = element("balance_management", default="")


@structure("getBalanceManagementOutput", NAMESPACE)
class BalanceManagementAnswer:
    """How clients' balances are managed."""

    found: tuple[Choice, ...] = element("balance_management")


@parameters
class OneCountry:
    """Which one; empty for all."""

    wanted: str = element("country", default="")


@structure("getCountriesOutput", NAMESPACE)
class CountriesAnswer:
    """The countries, by their two letters."""

    found: tuple[Choice, ...] = element("countries")


@parameters
class OneTimezone:
    """Which one; empty for all."""

    wanted: str = element("timezone", default="")


@structure("getTimezonesOutput", NAMESPACE)
class TimezonesAnswer:
    """The time zones of mailboxes."""

    found: tuple[Choice, ...] = element("timezones")


class ReferenceMethods:
    """Lists that are the same for every account."""

    @operation("getServersInfo")
    async def servers(self, request: OneServer, caller: Caller) -> ServersAnswer:
        """The servers: the one that answers."""
        if request.server_pop.strip() not in ("", "1"):
            raise Refused("invalid_serverpop")
        host = caller.origin.host.rpartition(":")[0] or caller.origin.host
        server = Server(
            server_name="Ringpost",
            server_shortname="Ringpost",
            server_hostname=host,
            server_ip=host,
            server_country="",
            server_pop="1",
            server_recommended="Yes",
        )
        return ServersAnswer(servers=(server,))

    @operation("getLanguages")
    async def languages(self, request: OneLanguage, _caller: Caller) -> LanguagesAnswer:
        """The languages of IVRs and mailboxes."""
        return LanguagesAnswer(found=choices(LANGUAGES, request.wanted, "invalid_language"))

    @operation("getLocales")
    async def locales(self, request: OneLocale, _caller: Caller) -> LocalesAnswer:
        """The languages that texts can be spoken in."""
        return LocalesAnswer(found=choices(LOCALES, request.wanted, "invalid_language"))

    @operation("getLockInternational")
    async def locks(self, request: OneLock, _caller: Caller) -> LocksAnswer:
        """Whether international calls are possible."""
        return LocksAnswer(found=choices(LOCKS, request.wanted, "invalid_lockinternational"))

    @operation("getRoutes")
    async def routes(self, request: OneRoute, _caller: Caller) -> RoutesAnswer:
        """The routes of outgoing calls."""
        return RoutesAnswer(found=choices(ROUTES, request.wanted, "invalid_route"))

    @operation("getInternationalTypes")
    async def international_types(self, request: OneInternationalType, _caller: Caller) -> InternationalTypesAnswer:
        """The kinds of international numbers."""
        return InternationalTypesAnswer(found=choices(INTERNATIONAL_TYPES, request.wanted, "invalid_type"))

    @operation("getBalanceManagement")
    async def balance_management(self, request: OneBalanceManagement, _caller: Caller) -> BalanceManagementAnswer:
        """How clients' balances are managed."""
        return BalanceManagementAnswer(found=choices(BALANCE_MANAGEMENT, request.wanted, "invalid_balancemanagement"))

    @operation("getCountries")
    async def countries(self, request: OneCountry, _caller: Caller) -> CountriesAnswer:
        """The countries, by their two letters."""
        return CountriesAnswer(found=choices(COUNTRIES, request.wanted, "invalid_country"))

    @operation("getTimezones")
    async def timezones(self, request: OneTimezone, _caller: Caller) -> TimezonesAnswer:
        """The time zones of mailboxes."""
        return TimezonesAnswer(found=choices(timezones(), request.wanted, "invalid_timezone"))


def timezones() -> Pairs:
    """The names of the tz database that have a place."""
    return tuple((name, name) for name in sorted(available_timezones()) if "/" in name and not name.startswith("Etc/"))


def choices(pairs: Pairs, wanted: str, status: str) -> tuple[Choice, ...]:
    """All values, or the one that is wanted. Refused with `status` when there is none."""
    found = tuple(
        Choice(value=value, description=text) for value, text in pairs if wanted.strip().lower() in ("", value.lower())
    )
    if not found:
        raise Refused(status)
    return found
