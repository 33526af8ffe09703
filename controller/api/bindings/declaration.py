"""Operations and interfaces: what is declared once, and everything else is made from.

class Texts:
    @operation("CancelMessage")
    async def cancel(self, request: CancelMessage, caller: Caller) -> bool:
        \"\"\"Cancel a text that waits.\"\"\"

Interface(path="/sms.svc", namespace="http://sms2.cdyne.com", service="sms", operations=operations_of(Texts()))
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import NoneType
from typing import Any, Literal, TypeVar, get_type_hints

from controller.api.auth import Caller
from controller.api.bindings.model import Array, Enumeration, Structure, WireType, parameters, structure_of, wire_type
from controller.api.bindings.types import Scalar

F = TypeVar("F", bound=Callable[..., Awaitable[Any]])
Verb = Literal["GET", "POST"]

LONGEST_BODY = 1024 * 1024

_OPERATION = "_operation"


@parameters
class NoParameters:
    """The request of an operation that takes nothing."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. result: None for one that answers nothing. verb: WCF's REST method. contract: WCF's, in the
    SOAPAction, where it is not the interface's own. documentation: its docstring, for help pages and the WSDL.
    """

    name: str
    handler: Callable[[Any, Caller], Awaitable[Any]]
    request: Structure
    result: WireType | None
    verb: Verb
    contract: str
    documentation: str


@dataclass(frozen=True, kw_only=True)
class Interface:
    """What a customer's program talks to. path: where it listens, in the spelling of the WSDL; any case is taken."""

    path: str
    namespace: str
    service: str
    operations: tuple[Operation, ...]
    description: str = ""
    longest_body: int = LONGEST_BODY
    """Bytes."""

    @cached_property
    def by_name(self) -> Mapping[str, Operation]:
        """The operations by their name in lower case."""
        return {each.name.lower(): each for each in self.operations}

    @cached_property
    def types(self) -> tuple[WireType, ...]:
        """Every named type that a request or an answer has, each once, in the order of their use."""
        found: dict[tuple[str, str], WireType] = {}
        for each in self.operations:
            for used in (each.request, each.result):
                _collect(used, found)
        return tuple(found.values())


def operation(name: str, *, verb: Verb = "GET", contract: str = "") -> Callable[[F], F]:
    """Declare a method as an operation: its first parameter is annotated with the request, its return with the answer.

    The method gets the request and the `Caller`. What it raises is answered as an internal error of the platform.
    """

    def declare(method: F) -> F:
        setattr(method, _OPERATION, (name, verb, contract))
        return method

    return declare


def operations_of(*services: object) -> tuple[Operation, ...]:
    """The operations that objects declare: of a base class first, then in the order of the source."""
    return tuple(
        _operation(getattr(service, name))
        for service in services
        for kind in reversed(type(service).__mro__)
        for name, member in vars(kind).items()
        if hasattr(member, _OPERATION)
    )


def _operation(method: Any) -> Operation:
    name, verb, contract = getattr(method, _OPERATION)
    hints = get_type_hints(method.__func__, include_extras=True)
    first = next(iter(inspect.signature(method).parameters))
    answer = hints["return"]
    return Operation(
        name=name,
        handler=method,
        request=structure_of(hints[first]),
        result=None if answer is NoneType else wire_type(answer)[0],
        verb=verb,
        contract=contract,
        documentation=inspect.cleandoc(method.__doc__ or ""),
    )


def _collect(kind: WireType | None, found: dict[tuple[str, str], WireType]) -> None:
    if kind is None or isinstance(kind, Scalar):
        return
    if isinstance(kind, Array):
        _collect(kind.item, found)
        inner = kind.item
        found.setdefault((f"[]{'' if isinstance(inner, Scalar) else inner.namespace}", inner.name), kind)
        return
    if isinstance(kind, Enumeration):
        found.setdefault((kind.namespace, kind.name), kind)
        return
    for each in kind.fields:
        _collect(each.type, found)
    if kind.name:
        found.setdefault((kind.namespace, kind.name), kind)
