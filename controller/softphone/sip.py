"""What the softphone reads from the SIP messages that SIPp hands over: status, headers, and where media goes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SipMessage:
    """A request (`method` set) or a response (`status` set).

    Header names are lower case; of repeated ones the first counts.
    """

    status: int = 0
    phrase: str = ""
    method: str = ""
    uri: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    @classmethod
    def parse(cls, text: str) -> SipMessage:
        """Never raises: what is no SIP message is one without anything in it."""
        head, _, body = text.replace("\r\n", "\n").lstrip("\n").partition("\n\n")
        first, *lines = head.split("\n") if head else [""]
        headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if colon:
                headers.setdefault(name.strip().lower(), value.strip())
        if response := re.match(r"SIP/2\.0 (\d{3}) ?(.*)", first):
            return cls(status=int(response[1]), phrase=response[2].strip(), headers=headers, body=body)
        if request := re.match(r"([A-Z]+) (\S+) SIP/2\.0", first):
            return cls(method=request[1], uri=request[2], headers=headers, body=body)
        return cls(headers=headers, body=body)

    @property
    def cause(self) -> int | None:
        """The Q.850 cause of the Reason header (RFC 3326); None when there is none."""
        match = re.search(r"Q\.850\s*;\s*cause\s*=\s*(\d+)", self.headers.get("reason", ""), re.IGNORECASE)
        return int(match[1]) if match else None

    @property
    def media(self) -> tuple[str, int] | None:
        """Address and port of the audio in the SDP body (RFC 8866); None when there is none or it is refused."""
        address = re.search(r"^c=IN IP4 (\S+)", self.body, re.MULTILINE)
        port = re.search(r"^m=audio (\d+)", self.body, re.MULTILINE)
        if address is None or port is None or port[1] == "0":
            return None
        return address[1], int(port[1])

    def user_of(self, header: str) -> str:
        """The user part of the address in a From, To or Contact header."""
        return user_part(self.headers.get(header, ""))


def user_part(address: str) -> str:
    """`<sip:12015550101@example.net>;tag=1` → `12015550101`; empty when there is none."""
    match = re.search(r"sips?:([^@;>\s]+)@", address)
    return match[1] if match else ""
