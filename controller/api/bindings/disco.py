"""The discovery document (`?disco`): where a description is. Visual Studio's "Add Web Reference" looks for it first."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from controller.api.bindings.wsdl import DECLARATION

_DISCO = "http://schemas.xmlsoap.org/disco/"


def disco(address: str) -> str:
    """The document of the interface at an address."""
    references = f"ref={quoteattr(f'{address}?wsdl')} docRef={quoteattr(address)}"
    return f'{DECLARATION}<discovery xmlns="{_DISCO}"><contractRef {references} xmlns="{_DISCO}scl/"/></discovery>'


def disco_link(address: str) -> str:
    """What a help page says of it, for the head of the page."""
    return f'<link rel="alternate" type="text/xml" href="{escape(address)}?disco">'
