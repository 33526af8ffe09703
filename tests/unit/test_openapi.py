"""The OpenAPI document of the JSON interface says what the declarations say, and nothing that is not there."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import Field

from controller.api.json_api.declaration import Asked, Told, api_operation, api_operations_of
from controller.api.json_api.openapi import openapi_document
from controller.api.json_api.scopes import Scope, TokenBearer


class ThingAsked(Asked):
    """A thing."""

    thing_id: int = Field(ge=1, description="Its number.")
    colour: str = ""


class Thing(Told):
    """What a thing is."""

    name: str


class Things:
    @api_operation("GET", "/things/{thing_id}", Scope.CALLS_READ)
    async def show_thing(self, asked: ThingAsked, bearer: TokenBearer) -> Thing:
        """Show a thing.

        At once.
        """
        return Thing(name=f"{asked.thing_id} {bearer.key.name}")

    @api_operation("POST", "/things/{thing_id}", Scope.CALLS_WRITE, status=202)
    async def paint_thing(self, asked: ThingAsked, bearer: TokenBearer) -> Thing:
        """Paint a thing."""
        return Thing(name=f"{asked.colour} {bearer.key.name}")


def test_the_document_is_made_from_the_declarations() -> None:
    document = openapi_document(api_operations_of(Things()), "https://ringpost.example.com")
    assert document["servers"] == [{"url": "https://ringpost.example.com/ringpost/v1"}]
    shown = document["paths"]["/things/{thing_id}"]["get"]
    assert shown["summary"] == "Show a thing"
    assert [(each["name"], each["in"], each["required"]) for each in shown["parameters"]] == [
        ("thing_id", "path", True),
        ("colour", "query", False),
    ]
    assert shown["parameters"][0]["schema"] == {"minimum": 1, "type": "integer"}
    painted = document["paths"]["/things/{thing_id}"]["post"]
    assert painted["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/ThingAsked")
    assert "202" in painted["responses"]


def test_every_reference_leads_somewhere() -> None:
    document: dict[str, Any] = openapi_document(api_operations_of(Things()), "http://localhost")
    names = re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(document))
    assert names
    assert set(names) <= document["components"]["schemas"].keys()
