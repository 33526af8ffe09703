"""`make messages`: brings the catalogues of the console up to what its templates and its code say.

A message that is new has no translation yet, which a test tells; one that nothing says any more is dropped.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from controller.api.console.languages import ENGLISH, NAMES
from controller.api.console.words import WORDS
from controller.api.json_api.scopes import SCOPE_WORDS

CONSOLE = Path(__file__).parents[2] / "controller" / "api" / "console"
CATALOGUES = CONSOLE / "catalogues"


def messages() -> Iterator[str]:
    """Every message of the console."""
    for path in sorted((CONSOLE / "templates").glob("*.j2")):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("_",), (), {"encoding": "utf-8"}):
                if isinstance(first := message[0] if isinstance(message, tuple) else message, str):
                    yield first
    for path in sorted(CONSOLE.rglob("*.py")):
        with path.open("rb") as file:
            for _, message, _, _ in extract("python", file, keywords={"say": None, "mark": None, "_said": (2,)}):
                yield str(message)
    yield from WORDS
    yield from SCOPE_WORDS.values()


def catalogue(code: str) -> Catalog:
    """A catalogue as it is kept."""
    with (CATALOGUES / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code, abort_invalid=True)


def main() -> None:
    """Write every catalogue anew."""
    for code in NAMES.keys() - {ENGLISH}:
        known = catalogue(code) if (CATALOGUES / f"{code}.po").exists() else Catalog(locale=code)
        wanted = Catalog(locale=code, charset="utf-8", fuzzy=False)
        for message in dict.fromkeys(messages()):
            kept = known.get(message)
            wanted.add(message, kept.string if kept else "")
        written = io.BytesIO()
        write_po(written, wanted, width=0, no_location=True, omit_header=True)
        (CATALOGUES / f"{code}.po").write_bytes(written.getvalue())


if __name__ == "__main__":
    main()
