"""What the Dialer's settings of several licence keys say together: whose user names and caller ids they are."""

from __future__ import annotations

from collections.abc import Mapping

from controller.config_file.document import Document
from controller.config_file.nodes import MappingEntry, Position
from controller.config_file.validation import child, locate, locate_key
from controller.directory.license_key_declarations import LicenseKeyEntry
from controller.directory.snapshot import Did, LicenseKey, Phone, Snapshot


class DialerChecks:
    """Notes mistakes in the document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._users: dict[str, Position] = {}
        self._shown: dict[str, Position] = {}

    def declare(self, name: str, entry: MappingEntry, declared: LicenseKeyEntry) -> None:
        """Take the settings of a key: each user is one key's, and only a key with the product needs any."""
        settings = declared.dialer
        if settings.caller_id:
            self._shown[name] = locate(entry, ("dialer", "caller_id"))
        if "dialer" in declared.products:
            position = locate(entry, ("dialer", "user")) if settings.user else entry.position
            first = self._users.setdefault((settings.user or name).casefold(), position)
            if first != position:
                place = f"{first.file}:{first.line}:{first.column}"
                message = f"this user of the Dialer is declared in {place} already"
                self._document.report(position, message, expected="one key of this user")
        elif child(entry, "dialer") is not None:
            position = locate_key(entry, ("dialer",))
            self._document.warn(position, "this licence key has no Dialer", expected="`dialer` in its `products`")

    def check(self, keys: Mapping[str, LicenseKey], dids: Mapping[str, Did], phones: Mapping[str, Phone]) -> None:
        """That caller ids are numbers that their keys may show."""
        if not self._shown:
            return
        known = Snapshot(license_keys=keys, dids=dids, phones=phones)
        for name, position in self._shown.items():
            if name in keys and not known.may_show(name, keys[name].dialer.caller_id):
                expected = "a number of the key's own, or one that is verified for it under `caller_ids`"
                self._document.report(position, "this licence key may not show this number", expected=expected)
