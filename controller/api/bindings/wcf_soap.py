"""SOAP in the way of WCF: basicHttpBinding (SOAP 1.1) and wsHttpBinding (SOAP 1.2 with WS-Addressing)."""

from __future__ import annotations

from functools import partial
from typing import Any

import structlog
from aiohttp import web
from aiohttp.web_exceptions import HTTPException

from controller.api.bindings.declaration import Operation
from controller.api.bindings.dialect import Dialect
from controller.api.bindings.exchange import LARGE_BODY, Runner, charset, is_large, media_type, off_loop, read_body
from controller.api.bindings.faults import (
    ActionUnknown,
    EnvelopeUnknown,
    HeaderNotUnderstood,
    OperationUnknown,
    RequestInvalid,
)
from controller.api.bindings.markup import XSI, parse_xml
from controller.api.bindings.model import Enumeration
from controller.api.bindings.soap import (
    SOAP11,
    SOAP12,
    WSA,
    Addressing,
    Envelope,
    FaultKind,
    action_of,
    operation_name,
    read_envelope,
)
from controller.api.bindings.types import Scalar
from controller.api.bindings.wcf_wsdl import WcfInterface
from controller.api.bindings.xml_reader import read_structure
from controller.api.bindings.xml_writer import XmlWriter, escape

# The namespaces of WCF's own fault codes in SOAP 1.1 and, where addressing defines them, in SOAP 1.2.
_WCF_ADDRESSING = "http://schemas.microsoft.com/ws/2005/05/addressing/none"
_WCF_DISPATCHER = "http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher"

log = structlog.get_logger(__name__)


class WcfSoap:
    """The SOAP endpoints of one interface; each takes both versions and answers in that of the request."""

    def __init__(self, interface: WcfInterface, dialect: Dialect, runner: Runner) -> None:
        self._interface = interface
        self._dialect = dialect
        self._runner = runner
        self._actions = {interface.action(each): each.name for each in interface.operations}
        # Every contract's spelling is taken: clients of the first contract talk to the second.
        self._actions |= {
            f"{interface.namespace.rstrip('/')}/{interface.contract}/{each.name}": each.name
            for each in interface.operations
        }

    async def answer(self, request: web.Request) -> web.Response:
        """The answer to one request, a fault included."""
        envelope = Envelope(SOAP12 if media_type(request) == SOAP12.content_type else SOAP11, None)
        try:
            body = await read_body(request, self._interface.longest_body)
            large = len(body) > LARGE_BODY
            envelope = read_envelope(await off_loop(partial(parse_xml, body, charset(request)), large=large))
            operation = self._operation(request, envelope)
            content = envelope.content
            parameters = operation.request.empty
            if content is not None:
                parameters = await off_loop(partial(read_structure, operation.request, content), large=large)
            value = await self._runner.run(operation, parameters, request)
        except (ActionUnknown, OperationUnknown) as error:
            return _fault(envelope, "sender", str(error), "ActionNotSupported")
        except EnvelopeUnknown as error:
            return _fault(envelope, "version", str(error))
        except HeaderNotUnderstood as error:
            return _fault(envelope, "must-understand", str(error))
        except RequestInvalid as error:
            return _fault(envelope, "sender", str(error), "DeserializationFailed")
        except HTTPException:
            raise
        except Exception:
            log.exception("operation failed", path=request.path)
            return _fault(envelope, "receiver", "The server has an internal error.", "InternalServiceFault")
        action = f"{self._interface.action(operation)}Response"
        answer = await off_loop(partial(self._content, operation, value, envelope), large=is_large(value))
        return _response(envelope, answer, action)

    def _operation(self, request: web.Request, envelope: Envelope) -> Operation:
        headers = request.headers
        action = action_of(headers.get("SOAPAction"), headers.get("Content-Type", ""), envelope.addressing)
        name = operation_name(action, envelope.content, self._actions.get)
        operation = self._interface.by_name.get(name.lower())
        if operation is None:
            raise OperationUnknown(name)
        return operation

    def _content(self, operation: Operation, value: Any, envelope: Envelope) -> str:
        namespace, name = self._interface.namespace, operation.name
        if operation.result is None:
            return f'<{name}Response xmlns="{namespace}"/>'
        writer = XmlWriter(self._dialect, nil_prefix="i")
        bound = {namespace: "", **({envelope.addressing.namespace: "a"} if envelope.addressing else {})}
        plain = isinstance(operation.result, Scalar | Enumeration) and value is not None
        writer.element(f"{name}Result", operation.result, value, bound, "" if plain else f' xmlns:i="{XSI}"')
        return f'<{name}Response xmlns="{namespace}">{writer.text()}</{name}Response>'


def _fault(envelope: Envelope, kind: FaultKind, reason: str, subcode: str = "") -> web.Response:
    """A fault; WCF answers each with 500."""
    version = envelope.version
    namespace = _WCF_ADDRESSING if subcode == "ActionNotSupported" else _WCF_DISPATCHER
    if version is SOAP11:
        code = f'<faultcode xmlns:c="{namespace}">c:{subcode}</faultcode>' if subcode else ""
        code = code or f"<faultcode>s:{version.codes[kind]}</faultcode>"
        content = f'{code}<faultstring xml:lang="en-US">{escape(reason)}</faultstring>'
    else:
        if subcode == "ActionNotSupported":
            namespace = WSA
        inner = f'<s:Subcode><s:Value xmlns:c="{namespace}">c:{subcode}</s:Value></s:Subcode>' if subcode else ""
        content = (
            f"<s:Code><s:Value>s:{version.codes[kind]}</s:Value>{inner}</s:Code>"
            f'<s:Reason><s:Text xml:lang="en-US">{escape(reason)}</s:Text></s:Reason>'
        )
    action = f"{WSA}/fault" if subcode == "ActionNotSupported" else f"{WSA}/soap/fault"
    return _response(envelope, f"<s:Fault>{content}</s:Fault>", action, 500)


def _response(envelope: Envelope, content: str, action: str, status: int = 200) -> web.Response:
    version = envelope.version
    header, declared = _header(envelope.addressing, action)
    body = f'<s:Envelope xmlns:s="{version.namespace}"{declared}>{header}<s:Body>{content}</s:Body></s:Envelope>'
    return web.Response(status=status, text=body, content_type=version.content_type, charset="utf-8")


def _header(addressing: Addressing | None, action: str) -> tuple[str, str]:
    """The headers of an answer to a request with addressing, in its version of addressing; none for one without."""
    if addressing is None:
        return "", ""
    must = ' s:mustUnderstand="1"'
    related = f"<a:RelatesTo>{escape(addressing.message_id)}</a:RelatesTo>" if addressing.message_id else ""
    return f"<s:Header><a:Action{must}>{action}</a:Action>{related}</s:Header>", f' xmlns:a="{addressing.namespace}"'
