"""The XML Schema within a WSDL, ready to validate."""

from __future__ import annotations

from typing import Any

from lxml import etree

XSD = "http://www.w3.org/2001/XMLSchema"


def schema_of(wsdl: str) -> etree.XMLSchema:
    """The schemas of a WSDL in one document, which import each other by namespace."""
    document = etree.fromstring(wsdl.encode())
    parts = {str(part.get("targetNamespace")): part for part in document.iter(f"{{{XSD}}}schema")}

    class Resolver(etree.Resolver):  # type: ignore[misc] # lxml has no annotations
        def resolve(self, system_url: str, _public_id: str, context: Any) -> Any:
            return self.resolve_string(etree.tostring(parts[system_url.removeprefix("part:")]), context)

    parser = etree.XMLParser()
    parser.resolvers.add(Resolver())
    for part in parts.values():
        for imported in part.iter(f"{{{XSD}}}import"):
            imported.set("schemaLocation", f"part:{imported.get('namespace')}")
    imports = "".join(f'<xs:import namespace="{name}" schemaLocation="part:{name}"/>' for name in parts)
    return etree.XMLSchema(etree.fromstring(f'<xs:schema xmlns:xs="{XSD}">{imports}</xs:schema>', parser))
