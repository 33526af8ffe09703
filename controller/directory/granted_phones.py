"""Phones that customers made through their interfaces, beside those of the YAML.

An entry's content has the vendor's names; whoever writes it has checked it. A name that the YAML gives to a phone or a
trunk is the YAML's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import structlog

from controller.directory.entries import EntriesByKind, Entry
from controller.directory.snapshot import Phone, Snapshot

log = structlog.get_logger()

PHONE = "phone"
STATED = "stated"
"""In an entry's content: it holds what a customer set about a phone of the YAML, and is no phone itself."""


def with_granted_phones(stated: Snapshot, entries: EntriesByKind) -> Mapping[str, Phone]:
    """The phones that count, by their names: those that the YAML states, and those of customers whom it still has."""
    phones = dict(stated.phones)
    for entry in _entries(stated, entries):
        phone = _phone(entry)
        if phone is None or phone.name in stated.trunks:
            log.warning("a phone of a customer cannot be used", entry=entry.entry_id, license_key=entry.license_key)
        else:
            phones.setdefault(phone.name, phone)
    return phones


def _entries(stated: Snapshot, entries: EntriesByKind) -> Iterator[Entry]:
    for (license_key, kind), found in entries.items():
        if kind == PHONE and license_key in stated.license_keys:
            yield from (entry for entry in found.values() if not entry.content.get(STATED))


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
        )
    except KeyError:
        # Another release may have written it.
        return None
