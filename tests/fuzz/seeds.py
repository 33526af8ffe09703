"""Well-formed requests of every operation at every door, made from the declarations, for the mutator to spoil."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from controller.api.bindings.declaration import Interface, Operation
from controller.api.bindings.dialect import Dialect
from controller.api.bindings.json_format import write_json
from controller.api.bindings.model import Array, Enumeration, Structure
from controller.api.bindings.php_rest import PhpInterface
from controller.api.bindings.samples import sample
from controller.api.bindings.types import GUID, STRING, Scalar
from controller.api.bindings.wcf_wsdl import WcfInterface
from controller.api.bindings.xml_writer import XmlWriter

ENVELOPES = {
    "text/xml": "http://schemas.xmlsoap.org/soap/envelope/",
    "application/soap+xml": "http://www.w3.org/2003/05/soap-envelope",
}
WSA = "http://www.w3.org/2005/08/addressing"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Seeds:
    """Requests of one .NET interface. keys: licence keys that samples use."""

    def __init__(self, interface: Interface, keys: tuple[str, ...], dice: random.Random) -> None:
        self._interface = interface
        self._wcf = interface if isinstance(interface, WcfInterface) else None
        self._dialect = Dialect(interface.namespace, nil_members=self._wcf is not None)
        self._keys = keys
        self._dice = dice

    def request(self) -> Request:
        """A request of one of the operations, by one of its doors."""
        operation = self._dice.choice(self._interface.operations)
        doors: list[Callable[[Operation], Request]] = [self._soap, self._soap, self._page]
        if self._wcf is None or operation.verb == "GET":
            doors += [self._query] * 3
        if self._wcf is None or operation.verb == "POST":
            doors += [self._form]
        if self._wcf and operation.verb == "POST":
            doors += [self._xml, self._json] * 2
        return self._dice.choice(doors)(operation)

    def _leaf(self, kind: Scalar | Enumeration) -> Any:
        if isinstance(kind, Enumeration):
            return self._dice.choice(list(kind.members))
        if kind is GUID:
            return GUID.parse(self._dice.choice(self._keys))
        if kind is STRING:
            return self._dice.choice(["2125550123", "hello", "", "12015550101", *self._keys])
        return kind.sample

    def _values(self, operation: Operation) -> Any:
        return sample(operation.request, self._leaf)

    def _element(self, name: str, kind: Structure, value: Any) -> str:
        writer = XmlWriter(self._dialect, nil_prefix="i")
        namespace = self._interface.namespace
        writer.root(
            name, namespace, kind, value, f' xmlns="{namespace}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
        )
        return writer.text()

    def _soap(self, operation: Operation) -> Request:
        content_type, namespace = self._dice.choice(list(ENVELOPES.items()))
        body = self._element(operation.name, operation.request, self._values(operation))
        path, action, header = self._interface.path, f"{self._interface.namespace}{operation.name}", ""
        if self._wcf:
            path += f"/{self._dice.choice(self._wcf.endpoints).path}"
            action = self._wcf.action(operation)
            if self._dice.random() < 0.3:
                header = f'<s:Header><a:Action xmlns:a="{WSA}" s:mustUnderstand="1">{action}</a:Action></s:Header>'
        envelope = f'<s:Envelope xmlns:s="{namespace}">{header}<s:Body>{body}</s:Body></s:Envelope>'
        headers = [("Content-Type", f"{content_type}; charset=utf-8")]
        if self._dice.random() < 0.7:
            headers.append(("SOAPAction", f'"{action}"'))
        return Request("POST", path, tuple(headers), envelope.encode())

    def _pairs(self, operation: Operation) -> str:
        return urlencode(list(_flat(operation.request, self._values(operation))))

    def _query(self, operation: Operation) -> Request:
        return Request("GET", f"{self._interface.path}/{operation.name}?{self._pairs(operation)}", self._accept())

    def _form(self, operation: Operation) -> Request:
        headers = (("Content-Type", "application/x-www-form-urlencoded"), *self._accept())
        return Request("POST", f"{self._interface.path}/{operation.name}", headers, self._pairs(operation).encode())

    def _xml(self, operation: Operation) -> Request:
        value, fields = self._values(operation), operation.request.fields
        kind: Any = operation.request
        if len(fields) == 1 and isinstance(fields[0].type, Structure):
            kind, value = fields[0].type, getattr(value, fields[0].attribute)
        body = self._element(kind.name or operation.name, kind, value).encode()
        headers = (("Content-Type", "text/xml"), *self._accept())
        return Request("POST", f"{self._interface.path}/{operation.name}", headers, body)

    def _json(self, operation: Operation) -> Request:
        value, fields = self._values(operation), operation.request.fields
        text = write_json(operation.request, value)
        if len(fields) == 1 and isinstance(fields[0].type, Structure):
            text = json.dumps(json.loads(text)[fields[0].name])
        headers = (("Content-Type", "application/json"), *self._accept())
        return Request("POST", f"{self._interface.path}/{operation.name}", headers, text.encode())

    def _page(self, operation: Operation) -> Request:
        pages = ["", "?wsdl", "?WSDL=x", f"?op={operation.name}", "?singleWsdl", "?xsd=xsd0", "/help"]
        return Request("GET", self._interface.path + self._dice.choice([*pages, f"/help/operations/{operation.name}"]))

    def _accept(self) -> tuple[tuple[str, str], ...]:
        accepted = self._dice.choice(
            ["", "application/json", "text/xml", "*/*", "application/json;q=0.1, text/xml;q=x"]
        )
        return (("Accept", accepted),) if accepted else ()


LOGIN = {"api_username": "acme", "api_password": "aaaaaaaa-1111-4222-8333-444444444444"}
_TEXTS = ("2015550101", "2125550123", "", "1", "0", "x", "ivr:1", "fwd:2125550123", "2026-11-27", "-5", "a@b.example")
_STEPS = ('[{"type":"dtmf","codes":"12"}]', "[{'type': 'rec', 'id': '1'}]", "[" * 40, '{"type":"sms"}')


class PhpSeeds:
    """Requests of one interface in PHP's way: by query, form, multipart form, JSON and SOAP."""

    def __init__(self, interface: PhpInterface, dice: random.Random) -> None:
        self._interface = interface
        self._dice = dice

    def request(self) -> Request:
        """A request of one of the methods, by one of its doors."""
        operation = self._dice.choice(self._interface.operations)
        names = [field.name for field in operation.request.fields if self._dice.random() < 0.8]
        values = {**LOGIN, "method": operation.name, **{name: self._text(name) for name in names}}
        doors = (self._query, self._form, self._multipart, self._multipart, self._json, self._soap)
        return self._dice.choice(doors)(values)

    def _text(self, name: str) -> str:
        if name == "steps":
            return self._dice.choice(_STEPS)
        if name == "choices":
            return self._dice.choice(["1=sys:busy;2=ivr:1", "1=seq:1", ";", "x=y"])
        return self._dice.choice(_TEXTS)

    def _query(self, values: dict[str, str]) -> Request:
        return Request("GET", f"{self._interface.path}?{urlencode(values)}")

    def _form(self, values: dict[str, str]) -> Request:
        headers = (("Content-Type", "application/x-www-form-urlencoded"),)
        return Request("POST", self._interface.path, headers, urlencode(values).encode())

    def _multipart(self, values: dict[str, str]) -> Request:
        parts = "".join(
            f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in values.items()
        )
        headers = (("Content-Type", "multipart/form-data; boundary=B"),)
        return Request("POST", self._interface.path, headers, f"{parts}--B--\r\n\r\n".encode())

    def _json(self, values: dict[str, str]) -> Request:
        return Request(
            "POST", self._interface.path, (("Content-Type", "application/json"),), json.dumps(values).encode()
        )

    def _soap(self, values: dict[str, str]) -> Request:
        inside = "".join(f"<{name}>{text}</{name}>" for name, text in values.items() if name != "method")
        body = f"<n:{values['method']} xmlns:n='urn:VoIPmsService'><params>{inside}</params></n:{values['method']}>"
        envelope = f'<s:Envelope xmlns:s="{ENVELOPES["text/xml"]}"><s:Body>{body}</s:Body></s:Envelope>'
        return Request("POST", self._interface.soap_path, (("Content-Type", "text/xml"),), envelope.encode())


def seeds_of(interface: Interface, keys: tuple[str, ...], dice: random.Random) -> Seeds | PhpSeeds:
    """What makes requests of an interface."""
    return PhpSeeds(interface, dice) if isinstance(interface, PhpInterface) else Seeds(interface, keys, dice)


def _flat(kind: Structure, value: Any) -> Iterator[tuple[str, str]]:
    for field in kind.fields:
        held = getattr(value, field.attribute)
        inner = field.type.item if isinstance(field.type, Array) else field.type
        items = held if isinstance(field.type, Array) else (held,)
        for item in items or ():
            if isinstance(inner, Structure):
                yield from _flat(inner, item)
            elif item is not None:
                yield field.name, item.name if isinstance(inner, Enumeration) else inner.write(item)
