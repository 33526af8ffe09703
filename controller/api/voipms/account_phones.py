"""The phones of an account, as programs name them: sub-accounts."""

from __future__ import annotations

from controller.api.bindings.refusal import Refused
from controller.directory.snapshot import LicenseKey, Phone, Snapshot

ALL = "all"
"""What programs write for all accounts at once; getCallAccounts lists it."""


def account_name(key: LicenseKey, username: str) -> str:
    """The name by which a phone registers whose customer chose this username."""
    return f"{key.shown_name}_{username}"


def phone_called(snapshot: Snapshot, key: LicenseKey, text: str) -> Phone:
    """A phone of an account: by its name, by the part of it that the customer chose, or by its number. Refused."""
    wanted, phones = text.strip(), snapshot.phones_of(key.name)
    names = {wanted, account_name(key, wanted)}
    for phone in phones:
        if phone.name in names:
            return phone
    for phone in phones:
        if phone_number(snapshot, phone) == wanted:
            return phone
    raise Refused("invalid_account")


def phone_number(snapshot: Snapshot, phone: Phone) -> str:
    """The number of a phone: of its entry, else its place in the configuration; entries count from 1001."""
    if phone.entry_id:
        return str(phone.entry_id)
    return str(list(snapshot.phones).index(phone.name) + 1)
