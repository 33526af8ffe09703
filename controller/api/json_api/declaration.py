"""Operations of the JSON interface: each is declared once; the routes, the checks and OpenAPI are made from it.

class Calls:
    @api_operation("GET", "/calls/{queue_id}", Scope.CALLS_READ)
    async def show(self, asked: OneCall, bearer: TokenBearer) -> CallDetail:
        \"\"\"One call with everything that happened on it.\"\"\"

Fields of the request that stand in the path are taken from there; the others from the query of a GET, or from the JSON
body of a POST.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict

from controller.api.json_api.scopes import Scope

F = TypeVar("F", bound=Callable[..., Awaitable[BaseModel]])
Method = Literal["GET", "POST"]

BASE = "/ringpost/v1"
LONGEST_BODY = 1024 * 1024
_DECLARED = "_api_operation"
_IN_PATH = re.compile(r"\{(\w+)\}")


class Asked(BaseModel):
    """A request: nothing but its fields is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(frozen=True)


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """One operation. path: below `BASE`. status: of the answer. longest_body: of a request, in bytes.

    documentation: its docstring. audited: whether each use is in the audit log; a call, a text and a delivery are known
    of themselves.
    """

    name: str
    method: Method
    path: str
    scope: Scope
    status: int
    request: type[Asked]
    answer: type[Told]
    handler: Callable[[Any, Any], Awaitable[Told]]
    documentation: str
    audited: bool = False
    longest_body: int = LONGEST_BODY

    @property
    def in_path(self) -> tuple[str, ...]:
        """The fields of the request that stand in the path."""
        return tuple(_IN_PATH.findall(self.path))

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The fields that stand in the query or in the body."""
        return tuple(name for name in self.request.model_fields if name not in self.in_path)

    @property
    def summary(self) -> str:
        """The first sentence of its documentation."""
        return self.documentation.partition("\n")[0].rstrip(".")


def api_operation(
    method: Method,
    path: str,
    scope: Scope,
    *,
    status: int = 200,
    audited: bool = False,
    longest_body: int = LONGEST_BODY,
) -> Callable[[F], F]:
    """Declare a method: its first parameter is annotated with the request, its return with the answer.

    The second is the token's bearer: an `OperatorBearer` where the scope is the operator's, else a `TokenBearer`.
    """

    def declare(function: F) -> F:
        setattr(function, _DECLARED, (method, path, scope, status, audited, longest_body))
        return function

    return declare


def api_operations_of(*objects: object) -> tuple[ApiOperation, ...]:
    """Everything that these objects declare, in the order of its definition."""
    return tuple(each for declaring in objects for each in _operations(declaring))


def _operations(declaring: object) -> Iterator[ApiOperation]:
    for name, function in vars(type(declaring)).items():
        declared = getattr(function, _DECLARED, None)
        if declared is None:
            continue
        method, path, scope, status, audited, longest_body = declared
        hints = get_type_hints(function)
        request = hints[list(inspect.signature(function).parameters)[1]]
        documentation = inspect.getdoc(function) or ""
        handler = getattr(declaring, name)
        answer = hints["return"]
        yield ApiOperation(
            name, method, path, scope, status, request, answer, handler, documentation, audited, longest_body
        )
