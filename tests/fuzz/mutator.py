"""Spoils requests: bytes, XML, JSON, queries, headers, methods, paths."""

from __future__ import annotations

import gzip
import json
import random
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from tests.fuzz.seeds import Request

NASTY = [
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "NaN",
    "9" * 400,
    "00000000-0000-0000-0000-000000000000",
    "not-a-guid",
    "{aaaaaaaa-1111-4222-8333-444444444444}",
    "' OR 1=1 --",
    "%00%ff%",
    "\x00\x01\x1f",
    "\ud800",
    "\U0001f600" * 50,
    "\N{ARABIC-INDIC DIGIT THREE}",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59.9999999-14:00",
    "/Date(99999999999999)/",
    "/Date(0+9999)/",
    "../../etc/passwd",
    "http://127.0.0.1:22/",
    "true",
    "x" * 5000,
    "]]>",
    "&amp;lt;",
]
DOCTYPE = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
_MARKUP = ["<![CDATA[x]]>", "<!-- -- -->", "<?x y?>", "&#0;", "&x;"]
_VALUES: list[Any] = [None, True, [], {}, 0, -1, 1e300, 10**30, [[[[]]]], {"": {"": 1}}, [None] * 50]
HEADERS = {
    "Content-Type": [
        "text/xml; charset=utf-16",
        "text/xml; charset=zlib",
        'application/soap+xml; action="urn:x"',
        "application/json; charset=latin-1",
        "multipart/form-data; boundary=x",
        ";;;=",
        "application/x-www-form-urlencoded; charset=utf-7",
        "text/xml; charset=",
    ],
    "SOAPAction": ["", '""', "urn:x", '"http://sms2.cdyne.com/Isms/CancelMessage"', "x" * 3000],
    "Accept": ["application/json", ",,,;q=", "text/xml;q=2", "application/json;q=0"],
    "Content-Encoding": ["gzip", "deflate", "identity", "x"],
    "Idempotency-Key": ["k", "k" * 5000, "\u00e9"],
    "X-Forwarded-For": ["198.51.100.1", "x, ,;"],
    "Expect": ["100-continue"],
}


class Mutator:
    """Makes one to four changes to a request."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def spoil(self, request: Request) -> Request:
        """A changed request; one in ten stays as it is."""
        if self._dice.random() < 0.1:
            return request
        changes = [self._text, self._header, self._bytes, self._path]
        changes += [self._xml] * 4 if request.body[:1] == b"<" else []
        changes += [self._json] * 4 if request.body[:1] == b"{" else []
        changes += [self._query] * 4 if "?" in request.path or b"&" in request.body else []
        for _ in range(self._dice.randint(1, 4)):
            request = self._dice.choice(changes)(request)
        return request

    def _text(self, request: Request) -> Request:
        """A value becomes a nasty one."""
        nasty = self._dice.choice(NASTY).encode(errors="surrogatepass")
        values = list(re.finditer(rb"(?<=[>=\"])[^<>&\"=]{1,60}(?=[<&\"])", request.body))
        if not values:
            return request
        value = self._dice.choice(values)
        return replace(request, body=request.body[: value.start()] + nasty + request.body[value.end() :])

    def _xml(self, request: Request) -> Request:
        body = request.body.decode(errors="replace")
        elements = list(re.finditer(r"<(/?)([A-Za-z:]+)([^<>]*)>", body))
        if not elements:
            return request
        tag = self._dice.choice(elements)
        change = self._dice.randrange(9)
        if change == 0:
            body = body[: tag.start()] + body[tag.end() :]
        elif change == 1:
            body = body[: tag.end()] + tag.group() + body[tag.end() :]
        elif change == 2:
            body = body.replace(tag.group(2), self._dice.choice(["x", tag.group(2).lower(), "LicenseKey", "a:b"]))
        elif change == 3:
            body = DOCTYPE + body.replace(">", ">&b;&c;", 3)
        elif change == 4:
            depth = self._dice.choice([10, 60, 70, 3000])
            body = body[: tag.end()] + "<d>" * depth + "</d>" * depth + body[tag.end() :]
        elif change == 5:
            body = body[: tag.end()] + self._dice.choice(_MARKUP) + body[tag.end() :]
        elif change == 6:
            nil = ' n:nil="true" xmlns:n="http://www.w3.org/2001/XMLSchema-instance"'
            body = body[: tag.end() - 1] + nil + body[tag.end() - 1 :]
        elif change == 7:
            body = body.replace("http://", self._dice.choice(["urn:", "http://x/", ""]), self._dice.randint(1, 3))
        else:
            whole = re.search(rf"<{re.escape(tag.group(2))}[^<>]*>.*?</{re.escape(tag.group(2))}>", body, re.DOTALL)
            if whole:
                body = body.replace(whole.group(), whole.group() * self._dice.choice([0, 2, 40]))
        return replace(request, body=body.encode(errors="replace"))

    def _json(self, request: Request) -> Request:
        try:
            value = json.loads(request.body)
        except ValueError:
            return request
        return replace(request, body=json.dumps(self._spoiled(value, 0)).encode())

    def _spoiled(self, value: Any, depth: int) -> Any:
        if depth > 6 or self._dice.random() < 0.15:
            return self._dice.choice(
                [
                    None,
                    True,
                    [],
                    {},
                    0,
                    -1,
                    1e300,
                    10**30,
                    [[[[]]]],
                    {"": {"": 1}},
                    self._dice.choice(NASTY),
                    [None] * 50,
                ]
            )
        if isinstance(value, dict):
            items = [(key, self._spoiled(each, depth + 1)) for key, each in value.items() if self._dice.random() < 0.95]
            self._dice.shuffle(items)
            return dict(items)
        if isinstance(value, list):
            return [self._spoiled(each, depth + 1) for each in value] * self._dice.choice([1, 1, 1, 3])
        return value

    def _query(self, request: Request) -> Request:
        nasty = quote(self._dice.choice(NASTY).encode(errors="surrogatepass"), safe=self._dice.choice(["", "&=%+ "]))
        nasty = re.sub(r"[^\x21-\x7e]", "%20", nasty)
        pairs = request.path.partition("?")
        if pairs[1]:
            parts = pairs[2].split("&")
            place = self._dice.randrange(len(parts))
            name = parts[place].partition("=")[0]
            parts[place] = self._dice.choice(["", name, f"{name}={nasty}", f"{name.upper()}={nasty}&{parts[place]}"])
            return replace(request, path=f"{pairs[0]}?{'&'.join(parts)}"[:7000])
        return replace(request, body=request.body.replace(b"=", f"={nasty}".encode(), self._dice.randint(1, 3)))

    def _header(self, request: Request) -> Request:
        name = self._dice.choice(list(HEADERS))
        headers = [each for each in request.headers if each[0] != name]
        if self._dice.random() < 0.8:
            headers.append((name, self._dice.choice(HEADERS[name])))
        packed = ("Content-Encoding", "gzip") in headers and self._dice.random() < 0.5
        body = gzip.compress(request.body) if packed else request.body
        return replace(request, headers=tuple(headers), body=body)

    def _bytes(self, request: Request) -> Request:
        body = bytearray(request.body)
        for _ in range(self._dice.randint(1, 8)):
            if body:
                place = self._dice.randrange(len(body))
                body[place : place + self._dice.randint(0, 3)] = self._dice.randbytes(self._dice.randint(0, 3))
        if self._dice.random() < 0.2:
            del body[self._dice.randrange(len(body) + 1) :]
        return replace(request, body=bytes(body))

    def _path(self, request: Request) -> Request:
        if self._dice.random() < 0.3:
            return replace(request, method=self._dice.choice(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]))
        path = request.path
        path = self._dice.choice([path.upper(), f"{path}/", path.replace("/", "//", 1), f"{path}/%2e%2e/x"])
        return replace(request, path=path[:7000])
