"""Methods about sub-accounts: the phones of an account, to which `account:NAME` routes calls."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from controller.api.auth import Caller
from controller.api.bindings.declaration import operation
from controller.api.bindings.refusal import Refused
from controller.api.voipms.account_phones import account_name, phone_called, phone_number
from controller.api.voipms.did_checks import required
from controller.api.voipms.entry_book import MOST_ENTRIES
from controller.api.voipms.sub_account_checks import DEFAULTS, SubAccountChecks, new_password
from controller.api.voipms.sub_account_models import (
    OneAccount,
    OneAccountNumber,
    Registration,
    RegistrationAnswer,
    SubAccount,
    SubAccountAnswer,
    SubAccountFields,
    SubAccountsAnswer,
)
from controller.api.voipms.values import dids_of, shown
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries, Entry
from controller.directory.granted_phones import PHONE, STATED
from controller.directory.snapshot import LicenseKey, Phone


class Registrations(Protocol):
    """Which phones are registered."""

    @property
    def online(self) -> Collection[str]:
        """Their names."""
        ...


class SubAccountMethods:
    """An account's phones are those that it made, and those that the configuration gives to it or to everybody.

    What the configuration states about a phone stays; what else an account sets about it is stored, for this account.
    """

    def __init__(self, directory: CurrentDirectory, entries: Entries, registrations: Registrations) -> None:
        self._directory = directory
        self._entries = entries
        self._registrations = registrations
        self._checks = SubAccountChecks(directory, entries)

    @operation("getSubAccounts")
    async def sub_accounts(self, request: OneAccount, caller: Caller) -> SubAccountsAnswer:
        """The phones, or one of them."""
        key = caller.account
        phones = [self._phone(key, request.account)] if request.account.strip() else self._all(key)
        if not phones:
            raise Refused("no_account")
        return SubAccountsAnswer(accounts=tuple(self._info(key, phone) for phone in phones))

    @operation("createSubAccount")
    async def create(self, request: SubAccountFields, caller: Caller) -> SubAccountAnswer:
        """Add a phone. It can register as soon as Asterisk has read of it, a moment later."""
        key = caller.account
        username = self._checks.new_username(key, request)
        account = account_name(key, username)
        new = {**DEFAULTS, "account": account, "username": username, "password": new_password(request.password)}
        content = self._checks.content(key, request, new)
        if len(self._entries.of(key.name, PHONE)) >= MOST_ENTRIES:
            raise Refused("limit_reached", f"There are {MOST_ENTRIES} sub-accounts already.")
        return SubAccountAnswer(id=await self._entries.add(key.name, PHONE, content), account=account)

    @operation("setSubAccount")
    async def change(self, request: SubAccountFields, caller: Caller) -> None:
        """Change a phone. What is left out stays; an empty password does, too."""
        key = caller.account
        phone = self._numbered(key, request.id)
        entry = self._entry(key, phone)
        stored = dict(entry.content) if entry else {STATED: True, "account": phone.name}
        before = {**DEFAULTS, **stored}
        if phone.entry_id:
            if request.password:
                before["password"] = new_password(request.password)
        elif request.password and request.password != phone.password:
            raise Refused("invalid_password", "The configuration states this phone; its password is not changed here.")
        content = self._checks.content(key, request, before)
        if entry is None:
            await self._entries.add(key.name, PHONE, content)
        elif not await self._entries.change(entry, content):
            raise Refused("invalid_id")

    @operation("delSubAccount")
    async def delete(self, request: OneAccountNumber, caller: Caller) -> None:
        """Delete a phone that no number leads to. It is no longer let in; a call that it is on goes on."""
        key = caller.account
        phone = self._numbered(key, request.id)
        if not phone.entry_id:
            raise Refused("invalid_id", "The configuration states this phone; it is not deleted here.")
        led = f"account:{phone.name}"
        if any(did.settings.routing == led for did in dids_of(self._directory.snapshot, key)):
            raise Refused("account_with_dids", f"A number is routed to {led}.")
        entry = self._entries.get(key.name, PHONE, phone.entry_id)
        if entry is None or not await self._entries.remove(entry):
            raise Refused("invalid_id")

    @operation("getRegistrationStatus")
    async def registration(self, request: OneAccount, caller: Caller) -> RegistrationAnswer:
        """Whether a phone is registered. The account itself is no phone, and never is."""
        key, wanted = caller.account, required(request.account, "missing_account")
        if wanted.lower() == key.shown_name.lower() and self._directory.snapshot.phone_of(key.name, wanted) is None:
            return RegistrationAnswer(registered="no", registrations=())
        phone = self._phone(key, wanted)
        if phone.name not in self._registrations.online:
            return RegistrationAnswer(registered="no", registrations=())
        host = caller.origin.host.rpartition(":")[0] or caller.origin.host
        here = Registration(
            account=phone.name,
            server_name="Ringpost",
            server_shortname="Ringpost",
            server_hostname=host,
            server_ip=host,
            server_country="",
            server_pop="1",
            register_ip="",
            register_port="",
            register_protocol="SIP",
        )
        return RegistrationAnswer(registered="yes", registrations=(here,))

    def _all(self, key: LicenseKey) -> list[Phone]:
        return self._directory.snapshot.phones_of(key.name)

    def _phone(self, key: LicenseKey, text: str) -> Phone:
        return phone_called(self._directory.snapshot, key, text)

    def _numbered(self, key: LicenseKey, text: str) -> Phone:
        wanted = required(text, "missing_id")
        for phone in self._all(key):
            if self._number(phone) == wanted:
                return phone
        raise Refused("invalid_id")

    def _number(self, phone: Phone) -> str:
        return phone_number(self._directory.snapshot, phone)

    def _entry(self, key: LicenseKey, phone: Phone) -> Entry | None:
        """What is stored about a phone, by its customer or about one of the configuration."""
        if phone.entry_id:
            return self._entries.get(key.name, PHONE, phone.entry_id)
        found = self._entries.of(key.name, PHONE)
        return next((e for e in found if e.content.get(STATED) and e.content["account"] == phone.name), None)

    def _info(self, key: LicenseKey, phone: Phone) -> SubAccount:
        entry = self._entry(key, phone)
        content: Mapping[str, Any] = {**DEFAULTS, **(entry.content if entry else {})}
        values = {name: str(content[name]) for name in DEFAULTS}
        caller_id = phone.number or content["callerid_number"]
        values["callerid_number"] = shown(caller_id) if caller_id else ""
        values["description"] = phone.label or values["description"]
        made = bool(phone.entry_id)
        return SubAccount(
            id=self._number(phone),
            account=phone.name,
            username=str(content["username"]) if made else phone.name,
            password=phone.password if made else "",
            **values,
        )
