"""Parameters as PHP's `$_REQUEST` has them: of the query and of the body, the body's before the query's, the last wins.

Bodies are read as clients write them, not as they should: parts without a Content-Type, names without quotes, lines
after the closing boundary, a boundary that only the body names.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from controller.api.bindings.faults import RequestInvalid
from controller.api.bindings.form import MOST_FIELDS, Pairs, parse_form, parse_query
from controller.api.bindings.json_format import parse_json

MULTIPART = "multipart/form-data"

_BOUNDARY = re.compile(r'boundary="?([^";,]{1,200})"?', re.IGNORECASE)
_NAME = re.compile(r'(?:^|[;\s])name\*?="?([^";\r\n]{0,200})"?', re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


def php_parameters(query: str, content_type: str, body: bytes) -> dict[str, str]:
    """The parameters of a request. RequestInvalid for a body that breaks off or names more than anybody needs."""
    return dict([*parse_query(query), *body_parameters(content_type, body)])


def body_parameters(content_type: str, body: bytes) -> Pairs:
    """The parameters of a body: multipart, a form, or a JSON object. RequestInvalid."""
    kind = content_type.partition(";")[0].strip().lower()
    if not body.strip():
        return ()
    if kind == MULTIPART or (body.lstrip().startswith(b"--") and b"form-data" in body[:1000]):
        return _multipart(content_type, body)
    if kind.endswith("/json") or (not kind and body.lstrip().startswith(b"{")):
        return _json(body)
    return parse_form(body)


def _multipart(content_type: str, body: bytes) -> Pairs:
    found = _BOUNDARY.search(content_type)
    opening = b"--" + found[1].strip().encode(errors="replace") if found else body.lstrip().partition(b"\n")[0].strip()
    if opening not in body:
        # The body's own boundary counts where the header names another.
        opening = body.lstrip().partition(b"\n")[0].strip()
    parts = body.split(opening, MOST_FIELDS + 2)[1:]
    if len(parts) > MOST_FIELDS:
        raise RequestInvalid(f"There are more than {MOST_FIELDS} parameters.")
    return [pair for part in parts if not part.startswith(b"--") for pair in _part(part)]


def _part(part: bytes) -> Iterator[tuple[str, str]]:
    split = _BLANK_LINE.search(part)
    if split is None:
        return
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (
            line.partition(":") for line in part[: split.start()].decode("utf-8", errors="replace").splitlines()
        )
    }
    name = _NAME.search(headers.get("content-disposition", ""))
    if name is None:
        return
    content = re.sub(rb"\r?\n\Z", b"", part[split.end() :])
    if headers.get("content-transfer-encoding", "").lower() == "base64":
        try:
            content = base64.b64decode(content)
        except (binascii.Error, ValueError):
            raise RequestInvalid(f"The part {name[1]} is no base64.") from None
    yield name[1].strip(), content.decode("utf-8", errors="replace")


def _json(body: bytes) -> Pairs:
    document = parse_json(body)
    if not isinstance(document, dict):
        raise RequestInvalid("The JSON is no object of parameters.")
    return [(name, _text(value)) for name, value in document.items() if isinstance(value, str | bool | int)]


def _text(value: Any) -> str:
    return ("1" if value else "0") if isinstance(value, bool) else str(value)
