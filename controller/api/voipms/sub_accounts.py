"""Methods about sub-accounts: the phones of the configuration, to which `account:NAME` routes calls."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.model import element, parameters, structure
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account import NAMESPACE
from controller.api.voipms.did_checks import required
from controller.api.voipms.values import shown
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import Phone


class Registrations(Protocol):
    """Which phones are registered."""

    @property
    def online(self) -> Collection[str]:
        """Their names."""
        ...


@parameters
class OneAccount:
    """Which sub-account; all without one."""

    account: str = element("account", default="")


@structure("SubAccount", NAMESPACE)
class SubAccount:
    """A phone. Its password is not told."""

    id: str = element("id")
    account: str = element("account")
    username: str = element("username")
    description: str = element("description")
    protocol: str = element("protocol", default="1")
    auth_type: str = element("auth_type", default="1")
    password: str = element("password", default="")
    ip: str = element("ip", default="")
    device_type: str = element("device_type", default="2")
    callerid_number: str = element("callerid_number", default="")
    canada_routing: str = element("canada_routing", default="1")
    lock_international: str = element("lock_international", default="0")
    international_route: str = element("international_route", default="1")
    music_on_hold: str = element("music_on_hold", default="")
    language: str = element("language", default="en")
    allowed_codecs: str = element("allowed_codecs", default="ulaw;alaw")
    dtmf_mode: str = element("dtmf_mode", default="auto")
    nat: str = element("nat", default="yes")
    internal_extension: str = element("internal_extension", default="")
    internal_voicemail: str = element("internal_voicemail", default="")
    internal_dialtime: str = element("internal_dialtime", default="60")
    record_calls: str = element("record_calls", default="0")
    enable_internal_cnam: str = element("enable_internal_cnam", default="0")
    internal_cnam: str = element("internal_cnam", default="")


@structure("getSubAccountsOutput", NAMESPACE)
class SubAccountsAnswer:
    """Phones."""

    accounts: tuple[SubAccount, ...] = element("accounts")


@structure("Registration", NAMESPACE)
class Registration:
    """Where a phone is registered."""

    server_name: str = element("server_name")
    server_shortname: str = element("server_shortname")
    server_hostname: str = element("server_hostname")
    server_ip: str = element("server_ip")
    server_country: str = element("server_country")
    server_pop: str = element("server_pop")


@structure("getRegistrationStatusOutput", NAMESPACE)
class RegistrationAnswer:
    """Whether a phone is registered, and where."""

    registered: str = element("registered")
    registrations: tuple[Registration, ...] = element("registrations")


class SubAccountMethods:
    """The phones are made in the configuration: they are shown here, and not changed."""

    def __init__(self, directory: CurrentDirectory, registrations: Registrations) -> None:
        self._directory = directory
        self._registrations = registrations

    @operation("getSubAccounts")
    async def sub_accounts(self, request: OneAccount, _caller: Caller) -> SubAccountsAnswer:
        """The phones, or one of them."""
        phones = self._directory.snapshot.phones
        found = [self._phone(request.account)] if request.account.strip() else list(phones.values())
        if not found:
            raise Refused("no_account")
        places = {name: str(place) for place, name in enumerate(phones, 1)}
        rows = (
            SubAccount(
                id=places[phone.name],
                account=phone.name,
                username=phone.name,
                description=phone.label,
                callerid_number=shown(phone.number) if phone.number else "",
            )
            for phone in found
        )
        return SubAccountsAnswer(accounts=tuple(rows))

    @operation("getRegistrationStatus")
    async def registration(self, request: OneAccount, caller: Caller) -> RegistrationAnswer:
        """Whether a phone is registered. The account itself is no phone, and never is."""
        wanted = required(request.account, "missing_account")
        if wanted.lower() == caller.account.shown_name.lower() and wanted not in self._directory.snapshot.phones:
            return RegistrationAnswer(registered="no", registrations=())
        phone = self._phone(wanted)
        if phone.name not in self._registrations.online:
            return RegistrationAnswer(registered="no", registrations=())
        host = caller.origin.host.rpartition(":")[0] or caller.origin.host
        here = Registration(
            server_name="Ringpost",
            server_shortname="Ringpost",
            server_hostname=host,
            server_ip=host,
            server_country="",
            server_pop="1",
        )
        return RegistrationAnswer(registered="yes", registrations=(here,))

    def _phone(self, name: str) -> Phone:
        phone = self._directory.snapshot.phones.get(name.strip())
        if phone is None:
            raise Refused("invalid_account")
        return phone
