"""URLs that customers name: what their text alone forbids, and how they are sent and shown."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote

from yarl import URL

from controller.egress.addresses import parse_address
from controller.errors import UrlRefused

LONGEST_URL = 2048  # characters

# Ports that speak something else (Fetch Standard, “bad port”), and those of telephony and databases.
_PORTS_OF_OTHERS = frozenset(
    {0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109}
    | {110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530}
    | {531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3306, 3659, 4045}
    | {4190, 5038, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211, 27017}
)
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_PASSWORD = re.compile(r"^([a-z][a-z0-9+.-]*://[^/?#@:]*):[^/?#]*@", re.IGNORECASE)


class MalformedUrl(UrlRefused):
    """This is not a URL that could ever be reached."""

    error_id = "malformed-url"


@lru_cache(maxsize=1024)  # one URL is posted to again and again, and reading it costs as much as signing what is sent
def customer_url(text: str) -> URL:
    """The URL as it is sent: host and scheme in lower case, path and query to the letter. MalformedUrl.

    Percent-escapes are neither decoded nor added, since receivers sign and compare what was written; only characters
    beyond ASCII are escaped, for they cannot stand in a request. `user:password@` is for Basic authorisation.
    """
    if not text or len(text) > LONGEST_URL or not text.isprintable() or " " in text or "\\" in text:
        raise MalformedUrl("refused by the guard: this is not a URL")
    try:
        parsed = URL(text)
        host, port = parsed.raw_host, parsed.port
    except ValueError as error:
        raise MalformedUrl("refused by the guard: this is not a URL") from error
    if parsed.scheme not in ("http", "https"):
        raise MalformedUrl("refused by the guard: only http and https are posted to")
    if not host:
        raise MalformedUrl("refused by the guard: the URL names no host")
    if port is None or port in _PORTS_OF_OTHERS:
        raise MalformedUrl(f"refused by the guard: port {port} is not for HTTP")
    _check_spelling(host)
    sent = URL(f"{parsed.scheme}://{parsed.raw_authority}{_target(text)}", encoded=True)
    try:
        same = (sent.raw_host, sent.port) == (host, port)
    except ValueError:  # read only now: the authority as it is sent can be none, although the text was one
        same = False
    if not same:
        raise MalformedUrl("refused by the guard: this is not a URL")
    return sent


def masked_url(text: str) -> str:
    """The URL as people may see it: without the password in it."""
    return _PASSWORD.sub(r"\1:***@", text)


def _check_spelling(host: str) -> None:
    if parse_address(host) is not None:
        if "%" in host:
            raise MalformedUrl("refused by the guard: an address with a zone")
        return
    if unicodedata.normalize("NFKC", host) != host or len(host) > 253 or ".." in host:
        raise MalformedUrl("refused by the guard: an unusual spelling of a host")
    # WHATWG URL: a host whose last label is a number is an IPv4 address; 2130706433 and 0x7f.1 are 127.0.0.1.
    last = host.rstrip(".").rpartition(".")[2].lower()
    if last.isdigit() or last.startswith("0x"):
        raise MalformedUrl(f"refused by the guard: {host} is an unusual spelling of an address")


def _target(text: str) -> str:
    """Path and query as they were written, the fragment left away (RFC 9110, 7.1)."""
    rest = text.partition("//")[2].partition("#")[0]
    start = next((place for place, character in enumerate(rest) if character in "/?"), len(rest))
    target = quote(rest[start:], safe=_ASCII)
    return target if target.startswith("/") else f"/{target}"
