"""Phones and trunks, from the YAML: whom Asterisk knows by SIP."""

from __future__ import annotations

from collections.abc import Set

from controller.asterisk.configuration import SECTION_TYPES
from controller.config_file.document import Document
from controller.config_file.nodes import MappingEntry
from controller.config_file.validation import alternatives, locate, read_entries
from controller.directory.claims import Claims
from controller.directory.declarations import PhoneEntry, TrunkEntry, is_wide
from controller.directory.snapshot import Phone, Trunk

# Names of sections in Asterisk's pjsip.conf that mean something else there.
RESERVED_NAMES = SECTION_TYPES | {"anonymous", "general"}


class SipEntries:
    """Reads the phones and the trunks of a document. Names with mistakes are known too: who names them made none."""

    def __init__(self, document: Document, claims: Claims) -> None:
        self._document = document
        self._claims = claims
        self.phone_names: set[str] = set()
        self.trunk_names: set[str] = set()

    def phones(self, key_names: Set[str]) -> dict[str, Phone]:
        """The phones without mistakes, by their names; their passwords may be empty. key_names: of the YAML's keys.

        An owner has the name that the YAML gives to the key.
        """
        phones: dict[str, Phone] = {}
        for name, (entry, declared) in read_entries(self._document, "phones", PhoneEntry).items():
            self.phone_names.add(name)
            self._claims.check_name(entry, RESERVED_NAMES)
            if declared is None:
                continue
            if declared.number:
                self._claims.claim(declared.number, locate(entry, ("number",)), "this number")
            owner = declared.license_key or ""
            if owner and owner not in key_names:
                self._document.report(
                    locate(entry, ("license_key",)),
                    "there is no licence key of this name",
                    expected=alternatives(owner, key_names),
                )
            phones[name] = Phone(
                name, declared.password or "", declared.number, declared.label, declared.media_encryption, owner
            )
        return phones

    def trunks(self) -> dict[str, Trunk]:
        """The trunks without mistakes, by their names. The phones are read first: no trunk may have the name of one."""
        trunks: dict[str, Trunk] = {}
        for name, (entry, declared) in read_entries(self._document, "trunks", TrunkEntry).items():
            self._claims.check_name(entry, RESERVED_NAMES)
            self.trunk_names.add(name)
            if name in self.phone_names:
                self._document.report(entry.position, f'"{name}" is a phone already', expected="another name")
            if declared is None:
                continue
            if (declared.username is None) != (declared.password is None):
                self._document.report(
                    entry.position, "half of the trunk's login is missing", expected="both `username` and `password`"
                )
            elif declared.registration and declared.username is None:
                self._document.report(
                    locate(entry, ("register",)), "registering needs a login", expected="`username` and `password`"
                )
            self._warn_of_wide_match(entry, declared)
            match = declared.match or (declared.host,)
            for index, address in enumerate(match):
                path = ("match", index) if declared.match else ("host",)
                self._claims.claim(address, locate(entry, path), "this address")
            trunks[name] = Trunk(
                name=name,
                host=declared.host,
                port=declared.port,
                transport=declared.transport,
                username=declared.username,
                password=declared.password,
                register=declared.registration,
                match=match,
                calls_per_second=declared.calls_per_second,
                channels=declared.channels,
                check_seconds=declared.check_seconds,
                prefixes=declared.prefixes,
                number_format=declared.number_format,
                did_from=declared.did_from,
                show_withheld=declared.show_withheld,
                text_did_in=declared.text_did_in,
                texts_per_second=declared.texts_per_second,
                media_encryption=declared.media_encryption,
            )
        return trunks

    def _warn_of_wide_match(self, entry: MappingEntry, declared: TrunkEntry) -> None:
        """A trunk is known by its addresses alone: whoever else sits there calls and texts as the carrier."""
        for index, text in enumerate(declared.match):
            if is_wide(text):
                message = f'everybody in {text} is taken for the carrier "{entry.key}", without a password'
                self._document.warn(locate(entry, ("match", index)), message, expected="the carrier's own addresses")
