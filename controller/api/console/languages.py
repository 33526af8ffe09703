"""The languages of the console: message catalogues (gettext), one of which each request is answered in.

Messages stand in English in the templates and in the code. Whatever a lower room says (the checker of scripts, the
methods of customers' interfaces, lines of a trace) is said in its own words, which are English.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

_CATALOGUES = Path(__file__).parent / "catalogues"
ENGLISH = "en"
# Each in itself, for whoever chooses it.
NAMES = {ENGLISH: "English", "de": "Deutsch"}
MOST_ASKED = 20


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its code, and its catalogue."""

    code: str
    catalogue: NullTranslations

    def say(self, message: str, /, **values: object) -> Markup:
        """A message in this language, with values put in; both are text. One that is not known is said as it is."""
        said = escape(self.catalogue.gettext(message))
        return said % values if values else said


def mark(message: str) -> str:
    """A message that is said later: this only has it found when catalogues are made."""
    return message


@cache
def language(code: str) -> Language:
    """A language of `NAMES`; English for any other code. Its catalogue is read once."""
    if code == ENGLISH or code not in NAMES:
        return Language(ENGLISH, NullTranslations())
    with (_CATALOGUES / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=code, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(code, GNUTranslations(compiled))


def chosen(setting: str, accepted: str) -> Language:
    """The language of a request. setting: what the person chose, empty for nothing; accepted: Accept-Language."""
    if setting in NAMES:
        return language(setting)
    wanted = negotiate_locale(_preferred(accepted), list(NAMES), sep="-")
    return language(wanted or ENGLISH)


def _preferred(accepted: str) -> list[str]:
    """The languages of an Accept-Language header (RFC 9110, 12.5.4), the one that is wanted most first."""
    found = []
    for index, part in enumerate(accepted[:1000].split(",")[:MOST_ASKED]):
        code, _, weight = part.partition(";")
        try:
            quality = float(weight.partition("=")[2]) if weight else 1.0
        except ValueError:
            continue
        if code.strip() and 0 < quality <= 1:
            found.append((-quality, index, code.strip().lower()))
    return [code for _, _, code in sorted(found)]
