"""SOAP 1.1 and SOAP 1.2 envelopes, with and without WS-Addressing: their versions, and what is in a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from controller.api.bindings.faults import ActionUnknown, EnvelopeUnknown, HeaderNotUnderstood, RequestInvalid
from controller.api.bindings.markup import Element

WSA = "http://www.w3.org/2005/08/addressing"
_ADDRESSING = (WSA, "http://schemas.xmlsoap.org/ws/2004/08/addressing")
ANONYMOUS = "http://www.w3.org/2005/08/addressing/anonymous"

FaultKind = Literal["sender", "receiver", "must-understand", "version"]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of SOAP: its envelope's namespace, its media type, and the codes of its faults."""

    name: str
    namespace: str
    content_type: str
    codes: dict[FaultKind, str]


SOAP11 = Version(
    "1.1",
    "http://schemas.xmlsoap.org/soap/envelope/",
    "text/xml",
    {"sender": "Client", "receiver": "Server", "must-understand": "MustUnderstand", "version": "VersionMismatch"},
)
SOAP12 = Version(
    "1.2",
    "http://www.w3.org/2003/05/soap-envelope",
    "application/soap+xml",
    {"sender": "Sender", "receiver": "Receiver", "must-understand": "MustUnderstand", "version": "VersionMismatch"},
)
VERSIONS = {version.namespace: version for version in (SOAP11, SOAP12)}


@dataclass(frozen=True, slots=True)
class Addressing:
    """The WS-Addressing headers of a request."""

    namespace: str
    action: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """A request: the first element of its body, None for an empty one, and how it is addressed."""

    version: Version
    content: Element | None
    addressing: Addressing | None = None


def read_envelope(root: Element) -> Envelope:
    """The envelope of a document. EnvelopeUnknown, HeaderNotUnderstood, RequestInvalid."""
    version = VERSIONS.get(root.namespace)
    if root.name != "Envelope" or version is None:
        raise EnvelopeUnknown
    body = next((each for each in root.children if (each.namespace, each.name) == (version.namespace, "Body")), None)
    if body is None:
        raise RequestInvalid("The SOAP envelope has no Body.")
    return Envelope(version, body.children[0] if body.children else None, _addressing(root, version))


def _addressing(root: Element, version: Version) -> Addressing | None:
    headers = [
        header
        for each in root.children
        if (each.namespace, each.name) == (version.namespace, "Header")
        for header in each.children
    ]
    found: dict[str, str] = {}
    namespace = ""
    for header in headers:
        if header.namespace in _ADDRESSING:
            namespace = header.namespace
            found.setdefault(header.name, header.text.strip())
        elif header.attributes.get(f"{version.namespace} mustUnderstand", "").strip() in ("1", "true"):
            raise HeaderNotUnderstood(header.name)
    if not found.get("Action"):
        return None
    return Addressing(namespace, found["Action"][:1000], found.get("MessageID", "")[:1000])


def action_of(soap_action: str | None, content_type: str, addressing: Addressing | None) -> str:
    """The action of a request, empty without one: WS-Addressing's, else SOAP 1.2's parameter, else the header's."""
    if addressing:
        return addressing.action
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "action" and value.strip(" \"'"):
            return value.strip(" \"'")
    return (soap_action or "").strip(" \"'")


def operation_name(action: str, content: Element | None, known: Callable[[str], str | None]) -> str:
    """The name of the operation: that of the action, without an action that of the body's first element.

    known: the operation of an action, None for a foreign one. ActionUnknown, RequestInvalid.
    """
    if action:
        name = known(action)
        if name is None:
            raise ActionUnknown(action)
        return name
    if content is None:
        raise RequestInvalid("The SOAP request has neither an action nor an element in its Body.")
    return content.name
