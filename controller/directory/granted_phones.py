"""Phones that customers made through their interfaces, beside those of the YAML.

An entry's content has the vendor's names; whoever writes it has checked it. A name that the YAML gives to a phone or a
trunk is the YAML's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypedDict

import structlog

from controller.directory.entries import EntriesByKind, Entry
from controller.directory.snapshot import Phone, Snapshot

log = structlog.get_logger()

PHONE = "phone"
STATED = "stated"
"""In an entry's content: it holds what a customer set about a phone of the YAML, and is no phone itself."""


class _OfCalls(TypedDict):
    records_calls: bool
    mailbox: str


def with_granted_phones(stated: Snapshot, entries: EntriesByKind) -> Mapping[str, Phone]:
    """The phones that count, by their names: those that the YAML states, and those of customers whom it still has."""
    phones = dict(stated.phones)
    for entry in _entries(stated, entries):
        phone = _phone(entry)
        if phone is None or phone.name in stated.trunks:
            log.warning("a phone of a customer cannot be used", entry=entry.entry_id, license_key=entry.license_key)
        else:
            phones.setdefault(phone.name, phone)
    for entry in _entries(stated, entries, about_stated=True):
        # What somebody set about a phone that is everybody's counts for nobody's calls.
        known = stated.phones.get(str(entry.content.get("account")))
        if known is not None and known.owner == entry.license_key:
            phones[known.name] = replace(known, **_of_calls(entry))
    return phones


def _entries(stated: Snapshot, entries: EntriesByKind, *, about_stated: bool = False) -> Iterator[Entry]:
    """The entries of phones; about_stated: those that say something about a phone of the YAML."""
    for (license_key, kind), found in entries.items():
        if kind == PHONE and license_key in stated.license_keys:
            yield from (entry for entry in found.values() if bool(entry.content.get(STATED)) == about_stated)


def _of_calls(entry: Entry) -> _OfCalls:
    """What an entry says that counts for calls, whoever stated the phone."""
    return {
        "records_calls": entry.content.get("record_calls") == "1",
        "mailbox": str(entry.content.get("internal_voicemail") or ""),
    }


def _phone(entry: Entry) -> Phone | None:
    content = entry.content
    try:
        return Phone(
            str(content["account"]),
            str(content["password"]),
            label=str(content.get("description") or ""),
            owner=entry.license_key,
            caller_id=str(content.get("callerid_number") or ""),
            entry_id=entry.entry_id,
            **_of_calls(entry),
        )
    except KeyError:
        # Another release may have written it.
        return None
