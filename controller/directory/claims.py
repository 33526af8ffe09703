"""Names that can be used, and values that only one may have: numbers, addresses."""

from __future__ import annotations

from collections.abc import Collection

from controller.config_file.document import Document
from controller.config_file.nodes import MappingEntry, Position
from controller.directory.declarations import NAME


class Claims:
    """Reports to a document who takes a name or a value that cannot be theirs."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._owners: dict[tuple[str, str], Position] = {}

    def check_name(self, entry: MappingEntry, reserved: Collection[str] = ()) -> None:
        """Report an entry whose name cannot be used; `reserved` are those that mean something to Asterisk."""
        if NAME.fullmatch(entry.key) is None:
            self._document.report(
                entry.position, "this name cannot be used", expected="at most 40 of a-z, 0-9, - and _, no capitals"
            )
        elif entry.key in reserved:
            self._document.report(entry.position, f'the name "{entry.key}" is taken by Asterisk', expected="another")

    def claim(self, value: str, position: Position, what: str) -> bool:
        """Whether this is the first to claim a value; a second one is a mistake that names the first.

        what: the value's kind, with its article: "this number".
        """
        first = self._owners.setdefault((what, value), position)
        if first == position:
            return True
        place = f"{first.file}:{first.line}:{first.column}"
        self._document.report(position, f"{what} is declared in {place} already", expected="one owner")
        return False
