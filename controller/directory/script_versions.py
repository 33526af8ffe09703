"""Every call script as it was: the newest versions of each, and what is different between two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Literal

from controller.store.database import Database
from controller.store.storable import storable

# Comparing takes time with the square of the lines; scripts of people are far below.
MOST_COMPARED_LINES = 3000
CONTEXT_LINES = 3

Kind = Literal["name", "did"]
"""What a script belongs to: a name under which it is saved, or a number that it answers."""


@dataclass(frozen=True, slots=True)
class ScriptVersion:
    """A script as it was from `saved_at` on. saved_by: a person of the console; empty for a customer's program."""

    id: int
    saved_at: datetime
    saved_by: str
    source: str


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of two versions side by side. kind: same, gone, new, or skip for lines that are left out.

    old, new: its number in either version; 0 where it is in one only.
    """

    kind: Literal["same", "gone", "new", "skip"]
    old: int
    new: int
    text: str


class ScriptVersions:
    """Reads versions. They are written with the script itself. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def every(self, license_key: str, kind: Kind, name: str) -> list[ScriptVersion]:
        """The versions that are kept of a script of a key, the newest first. name: or the number (E.164)."""
        rows = await self._database.fetch("script_versions", license_key, f"{kind}:", storable(name.strip()))
        return [ScriptVersion(row["id"], row["saved_at"], row["saved_by"], row["source"]) for row in rows]


def differences(old: str, new: str) -> list[DiffLine] | None:
    """What is different between two scripts, with a few lines around; None where they are too long to be compared."""
    before, after = old.splitlines(), new.splitlines()
    if max(len(before), len(after)) > MOST_COMPARED_LINES:
        return None
    lines: list[DiffLine] = []
    groups = list(SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(CONTEXT_LINES))
    for group in groups:
        if lines or group[0][1] > 0:
            lines.append(DiffLine("skip", 0, 0, ""))
        for what, start, end, new_start, new_end in group:
            if what == "equal":
                lines += [
                    DiffLine("same", start + each + 1, new_start + each + 1, before[start + each])
                    for each in range(end - start)
                ]
                continue
            lines += [DiffLine("gone", number + 1, 0, before[number]) for number in range(start, end)]
            lines += [DiffLine("new", 0, number + 1, after[number]) for number in range(new_start, new_end)]
    if groups and groups[-1][-1][2] < len(before):
        lines.append(DiffLine("skip", 0, 0, ""))
    return lines
