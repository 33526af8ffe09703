"""Reads XML that a stranger sent: no document type, no entities of its own, bounded depth and number of elements."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from xml.parsers import expat

from controller.api.bindings.faults import RequestInvalid

DEEPEST = 64
MOST_ELEMENTS = 50_000
MOST_ATTRIBUTES = 64

# Python's names of the character sets that a client's text can be in; others of its codecs are no character sets.
_CHARSETS = ("utf-8", "utf-16", "ascii", "iso8859", "cp125", "koi8", "gb", "big5", "euc", "shift_jis")

XSI = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(slots=True)
class Element:
    """One element: its text (of a leaf; white space as it stands) or its children. Attributes by "namespace name"."""

    namespace: str
    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    text: str = ""

    @property
    def nil(self) -> bool:
        """Whether it says that it is null."""
        return self.attributes.get(f"{XSI} nil", "").strip() in ("true", "1")

    def child(self, name: str) -> Element | None:
        """The first child of this local name."""
        return next((each for each in self.children if each.name == name), None)


class _Builder:
    """Builds the tree from expat's events."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= DEEPEST:
            raise RequestInvalid(f"The XML is nested deeper than {DEEPEST} elements.")
        if self._count > MOST_ELEMENTS:
            raise RequestInvalid(f"The XML has more than {MOST_ELEMENTS} elements.")
        if len(attributes) > MOST_ATTRIBUTES:
            raise RequestInvalid(f"An XML element has more than {MOST_ATTRIBUTES} attributes.")
        namespace, _, name = tag.rpartition(" ")
        element = Element(namespace, name, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._texts.append([])

    def text(self, data: str) -> None:
        self._texts[-1].append(data)

    def end(self, _tag: str) -> None:
        element, texts = self._open.pop(), self._texts.pop()
        if not element.children:
            element.text = "".join(texts)

    def refuse(self, *_args: object) -> None:
        raise RequestInvalid("The XML has a document type declaration (DTD); leave it out.")


def parse_xml(body: bytes, charset: str | None = None) -> Element:
    """The root element of a document. RequestInvalid says what is wrong.

    charset: what the Content-Type says; it goes before what the document says (RFC 7303, section 3).
    """
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.EntityDeclHandler = builder.refuse
    try:
        parser.Parse(decode(body, charset) if charset else body, True)
    except expat.ExpatError as error:
        reason = f"{expat.ErrorString(error.code)}, line {error.lineno}, column {error.offset + 1}"
        raise RequestInvalid(f"The XML is not well-formed: {reason}.") from None
    except (ValueError, LookupError):  # an encoding that Python does not have, or that is none for XML
        raise RequestInvalid("The XML is in a character set that is not known; write UTF-8.") from None
    if builder.root is None:
        raise RequestInvalid("The body has no XML.")
    return builder.root


def decode(body: bytes, charset: str | None) -> str:
    """A body as text, UTF-8 where nothing else is said; its byte order mark is left out. RequestInvalid."""
    name = (charset or "utf-8").strip("\"' ").lower()
    try:
        codec = codecs.lookup(name).name
        text = body.decode("utf-8-sig" if codec == "utf-8" else codec) if codec.startswith(_CHARSETS) else None
    except (LookupError, ValueError):
        text = None
    if text is None:
        raise RequestInvalid(f"The body is not text in the character set {name[:40]}.")
    return text.removeprefix("\ufeff")
