"""Registering a phone: a REGISTER from the very port where its calls come in, as a real phone does (RFC 3261, 10.2).

SIPp sends nothing of its own from a port where it waits for calls, so this is done before it starts to listen there. A
server behind which phones sit in private networks looks only at where the REGISTER came from.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

from controller.errors import CallRefused, SoftphoneError
from controller.softphone.sip import SipMessage

REGISTER_SECONDS: Final = 10.0
_FIRST_REPEAT_SECONDS: Final = 0.5  # T1 of RFC 3261


@dataclass(frozen=True, slots=True)
class Account:
    """A phone's login: SIP user and password."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Registration:
    """Where a phone is reached: `contact` is the local host and port, `server` the registrar's."""

    account: Account
    server: tuple[str, int]
    contact: tuple[str, int]

    async def send(self, expires: int) -> None:
        """Register for so many seconds; 0 takes it back. CallRefused when the server says no; SoftphoneError."""
        loop = asyncio.get_running_loop()
        try:
            transport, answers = await loop.create_datagram_endpoint(
                _Answers, local_addr=self.contact, remote_addr=self.server
            )
        except OSError as error:
            raise SoftphoneError(f"nothing can be sent from {self.contact[0]}:{self.contact[1]}: {error}") from error
        try:
            async with asyncio.timeout(REGISTER_SECONDS):
                message = await self._converse(transport, answers, expires)
        except TimeoutError:
            raise SoftphoneError(f"the registration had no answer within {REGISTER_SECONDS:g} s") from None
        finally:
            transport.close()
            # Whoever listens here next needs the port.
            await answers.closed.wait()
        if message.status != 200:
            raise CallRefused(f"the registration was refused: {message.status} {message.phrase}", status=message.status)

    async def _converse(self, transport: asyncio.DatagramTransport, answers: _Answers, expires: int) -> SipMessage:
        call_id = secrets.token_hex(8)
        answer = await _ask(transport, answers, self._request(call_id, 1, expires))
        if answer.status != 401:
            return answer
        login = digest(self.account, answer.headers.get("www-authenticate", ""), "REGISTER", self._registrar)
        return await _ask(transport, answers, self._request(call_id, 2, expires, f"Authorization: {login}\r\n"))

    @property
    def _registrar(self) -> str:
        return f"sip:{self.server[0]}:{self.server[1]}"

    def _request(self, call_id: str, number: int, expires: int, login: str = "") -> bytes:
        where, user = f"{self.contact[0]}:{self.contact[1]}", self.account.user
        us = f"<sip:{user}@{self.server[0]}:{self.server[1]}>"
        return (
            f"REGISTER {self._registrar} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {where};rport;branch=z9hG4bK-{call_id}-{number}\r\n"
            f"From: {us};tag={call_id}\r\nTo: {us}\r\nCall-ID: {call_id}\r\nCSeq: {number} REGISTER\r\n"
            f"Contact: <sip:{user}@{where}>\r\n{login}Expires: {expires}\r\nMax-Forwards: 70\r\n"
            "Content-Length: 0\r\n\r\n"
        ).encode()


class _Answers(asyncio.DatagramProtocol):
    """The responses that come back; requests of the server are left to who listens here next."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[SipMessage] = asyncio.Queue()
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.closed.set()

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 (the socket is connected)
        message = SipMessage.parse(data.decode(errors="replace"))
        if message.status >= 200:
            self.queue.put_nowait(message)


async def _ask(transport: asyncio.DatagramTransport, answers: _Answers, request: bytes) -> SipMessage:
    """Send until a final response comes, at growing intervals."""
    number = re.search(rb"\r\nCSeq: (\d+ \w+)\r\n", request)
    assert number is not None
    patience = _FIRST_REPEAT_SECONDS
    while True:
        transport.sendto(request)
        try:
            async with asyncio.timeout(patience):
                while (answer := await answers.queue.get()).headers.get("cseq", "") != number[1].decode():
                    pass
        except TimeoutError:
            patience *= 2
        else:
            return answer


def digest(account: Account, challenge: str, method: str, uri: str) -> str:
    """The answer to a challenge by MD5 digest (RFC 2617, 3.2.2, as SIP uses it)."""
    asked = {
        name.lower(): quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', challenge)
    }
    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    known = _md5(f"{account.user}:{realm}:{account.password}")
    parts = [f'username="{account.user}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{uri}"', "algorithm=MD5"]
    if "auth" in asked.get("qop", "").split(","):
        ours = secrets.token_hex(8)
        response = _md5(f"{known}:{nonce}:00000001:{ours}:auth:{_md5(f'{method}:{uri}')}")
        parts += ["qop=auth", "nc=00000001", f'cnonce="{ours}"']
    else:
        response = _md5(f"{known}:{nonce}:{_md5(f'{method}:{uri}')}")
    if "opaque" in asked:
        parts.append(f'opaque="{asked["opaque"]}"')
    return f'Digest {", ".join(parts)}, response="{response}"'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
