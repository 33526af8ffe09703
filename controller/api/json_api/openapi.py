"""The OpenAPI 3.1 document of the JSON interface, made from the declarations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from controller.api.json_api.declaration import BASE, ApiOperation
from controller.api.json_api.scopes import SCOPE_WORDS

VERSION = "1.0.0"
_REFERENCE = "#/components/schemas/{model}"
_PROBLEM = {
    "type": "object",
    "description": "Why a request is refused (RFC 9457). `code` is for programs and stays; `detail` is for people.",
    "required": ["title", "status", "code", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
_REFUSALS = {
    "400": "This is no JSON object.",
    "401": "The token is missing, wrong or taken back.",
    "403": "The token has not the scope.",
    "404": "There is no such thing of this licence key.",
    "409": "It cannot be done in this state.",
    "413": "The request is too large.",
    "422": "A value is refused.",
    "429": "Too many wrong tokens came from this address.",
    "503": "The database cannot be reached now; nothing was done.",
}


def openapi_document(operations: Sequence[ApiOperation], base_url: str) -> dict[str, Any]:
    """The whole document. base_url: of the service, as the client calls it."""
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = []
    for each in operations:
        wanted += [(each.request, "validation"), (each.answer, "serialization")]
    references, schemas = models_json_schema(list(dict.fromkeys(wanted)), ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        answer = references[each.answer, "serialization"]
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, answer, schemas["$defs"])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ringpost",
            "version": VERSION,
            "description": "What the console shows and changes, of a licence key and for the operator.",
        },
        "servers": [{"url": f"{base_url}{BASE}"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _scopes()}},
            "schemas": {**schemas["$defs"], "Problem": _PROBLEM},
        },
    }


def _operation(each: ApiOperation, answer: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """An operation as OpenAPI describes it."""
    schema = schemas[each.request.__name__]
    properties = schema.get("properties", {})
    required = set(schema.get("required", ()))
    parameters = [_parameter(name, "path", properties[name], required=True) for name in each.in_path]
    told: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.summary,
        "description": f"{each.documentation}\n\nScope: `{each.scope}`.",
        "tags": [each.path.split("/")[1]],
        "responses": {
            str(each.status): {"description": "Done.", "content": {"application/json": {"schema": answer}}},
            **{
                status: {
                    "description": words,
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
                for status, words in _REFUSALS.items()
            },
        },
    }
    if each.method == "GET":
        parameters += [
            _parameter(name, "query", properties[name], required=name in required) for name in each.elsewhere
        ]
    elif each.elsewhere:
        body = {"schema": {"$ref": _REFERENCE.format(model=each.request.__name__)}}
        told["requestBody"] = {"required": True, "content": {"application/json": body}}
    return told | ({"parameters": parameters} if parameters else {})


def _parameter(name: str, place: str, schema: Mapping[str, Any], *, required: bool) -> dict[str, Any]:
    described = {key: value for key, value in schema.items() if key not in ("title", "description")}
    told = {"name": name, "in": place, "required": required, "schema": described}
    return told | ({"description": schema["description"]} if "description" in schema else {})


def _scopes() -> str:
    scopes = "; ".join(f"`{scope}`: {words}" for scope, words in SCOPE_WORDS.items())
    return f"A token of a licence key or of the operator, made in the console. Its scopes: {scopes}."
