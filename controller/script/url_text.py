"""URLs as scripts write them: which part names the host, and how they are asked for."""

from __future__ import annotations

import re
from urllib.parse import quote

# Up to where the host ends (RFC 3986, section 3.2).
_AUTHORITY = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
# RFC 3986: what may stand in a URL; a "%" may be that of a percent-encoding.
_CHARACTERS = ":/?#[]@!$&'()*+,;=%-._~"


def authority(url: str) -> str:
    """The scheme and the host of a URL, with what stands between; empty for what does not begin with http(s)://."""
    match = _AUTHORITY.match(url)
    return match.group() if match else ""


def quoted(url: str) -> str:
    """The URL with what may not stand behind its host percent-encoded: blanks, line ends, letters with accents."""
    begin = authority(url)
    return begin + quote(url[len(begin) :], safe=_CHARACTERS, errors="replace")
