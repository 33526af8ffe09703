"""A telephone that sends and takes texts: SIP MESSAGE (RFC 3428) over UDP, registered or at a carrier's address."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from controller.errors import CallRefused, SoftphoneError
from controller.softphone.registration import Account, digest
from controller.softphone.sip import SipMessage

ANSWER_SECONDS: Final = 10.0
_FIRST_REPEAT_SECONDS: Final = 0.5  # T1 of RFC 3261


@dataclass(frozen=True, slots=True)
class ReceivedText:
    """A text that came to the phone. `sender`: the user part of its From; `headers`: by lower-case names."""

    sender: str
    recipient: str
    body: str
    headers: Mapping[str, str]


class TextPhone(asyncio.DatagramProtocol):
    """Sends and takes texts.

        async with TextPhone(("127.0.0.1", 5060), user="+12125550123", local=("127.0.0.2", 5090)) as phone:
            status = await phone.send("+12015550101", "hello")
            reply = await phone.next_text()

    `account`: the login of a phone that registers. `answer`: gives the status for a text that comes in, None for no
    answer at all.
    """

    def __init__(
        self,
        server: tuple[str, int],
        *,
        user: str,
        local: tuple[str, int] = ("127.0.0.1", 0),
        account: Account | None = None,
        answer: Callable[[ReceivedText], int | None] = lambda _text: 200,
    ) -> None:
        self._server = server
        self._user = user
        self._local = local
        self._account = account
        self.answer = answer
        self.received: list[ReceivedText] = []
        self._texts: asyncio.Queue[ReceivedText] = asyncio.Queue()
        self._answered: dict[str, bytes | None] = {}
        self._waiting: dict[str, asyncio.Future[SipMessage]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Open the port. SoftphoneError when it is taken."""
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self._local)
        except OSError as error:
            raise SoftphoneError(f"nothing can be sent from {self._local[0]}:{self._local[1]}: {error}") from error
        self._local = self._transport.get_extra_info("sockname")[:2]

    async def close(self) -> None:
        """Close the port."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    async def register(self, expires: int = 300) -> None:
        """Register for so many seconds; 0 takes it back. CallRefused, SoftphoneError."""
        where = f"{self._local[0]}:{self._local[1]}"
        us = f"sip:{self._user}@{self._host}"
        head = f"Contact: <sip:{self._user}@{where}>\r\nExpires: {expires}\r\n"
        answer = await self._ask("REGISTER", f"sip:{self._host}", us, head, b"")
        if answer.status != 200:
            raise CallRefused(f"the registration was refused: {answer.status} {answer.phrase}", status=answer.status)

    async def send(
        self,
        number: str,
        body: str | bytes,
        *,
        content_type: str = "text/plain",
        headers: Mapping[str, str] | None = None,
        call_id: str = "",
    ) -> int:
        """Send a text; gives the status of the answer. SoftphoneError when none comes within 10 seconds."""
        to = f"sip:{number}@{self._host}"
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        raw = body.encode() if isinstance(body, str) else body
        answer = await self._ask("MESSAGE", to, to, f"{more}Content-Type: {content_type}\r\n", raw, call_id)
        return answer.status

    async def next_text(self, timeout: float = ANSWER_SECONDS) -> ReceivedText:
        """The next text that comes, or has come; SoftphoneError when there is none within `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                return await self._texts.get()
        except TimeoutError:
            raise SoftphoneError(f"no text came within {timeout:g} s") from None

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        message = SipMessage.parse(data.decode(errors="replace"))
        if message.status:
            waiting = self._waiting.get(_transaction(message))
            if waiting and not waiting.done() and message.status >= 200:
                waiting.set_result(message)
        elif message.method == "MESSAGE":
            self._take(message, data, addr)
        elif message.method and message.method != "ACK":
            self._reply(_response(data, 200), addr)

    def _take(self, message: SipMessage, data: bytes, addr: tuple[str | object, int]) -> None:
        key = _transaction(message)
        if key not in self._answered:
            text = ReceivedText(message.user_of("from"), message.user_of("to"), message.body, message.headers)
            status = self.answer(text)
            self._answered[key] = None if status is None else _response(data, status)
            self.received.append(text)
            self._texts.put_nowait(text)
        self._reply(self._answered[key], addr)

    def _reply(self, response: bytes | None, addr: tuple[str | object, int]) -> None:
        if response is not None and self._transport is not None:
            self._transport.sendto(response, addr)

    @property
    def _host(self) -> str:
        return f"{self._server[0]}:{self._server[1]}"

    async def _ask(self, method: str, uri: str, to: str, head: str, body: bytes, call_id: str = "") -> SipMessage:
        """Send a request, with the login where one is asked for; gives the final answer. SoftphoneError."""
        call_id = call_id or secrets.token_hex(8)
        answer = await self._converse(self._request(method, uri, to, head, body, call_id))
        if answer.status in (401, 407) and self._account is not None:
            name = "Authorization" if answer.status == 401 else "Proxy-Authorization"
            challenge = answer.headers.get("www-authenticate" if answer.status == 401 else "proxy-authenticate", "")
            login = f"{name}: {digest(self._account, challenge, method, uri)}\r\n"
            answer = await self._converse(self._request(method, uri, to, head + login, body, call_id))
        return answer

    async def _converse(self, request: bytes) -> SipMessage:
        message = SipMessage.parse(request.decode(errors="replace"))
        key = _transaction(message)
        waiting: asyncio.Future[SipMessage] = asyncio.get_running_loop().create_future()
        self._waiting[key] = waiting
        patience = _FIRST_REPEAT_SECONDS
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while not waiting.done():
                    assert self._transport is not None
                    self._transport.sendto(request, self._server)
                    await asyncio.wait([waiting], timeout=patience)
                    patience *= 2
            return waiting.result()
        except TimeoutError:
            raise SoftphoneError(f"{message.method} had no answer within {ANSWER_SECONDS:g} s") from None
        finally:
            del self._waiting[key]

    def _request(self, method: str, uri: str, to: str, head: str, body: bytes, call_id: str) -> bytes:
        number = next(self._numbers)
        where = f"{self._local[0]}:{self._local[1]}"
        return (
            f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {where};rport;branch=z9hG4bK-{secrets.token_hex(6)}\r\n"
            f"From: <sip:{self._user}@{self._host}>;tag={secrets.token_hex(4)}\r\nTo: <{to}>\r\n"
            f"Call-ID: {call_id}\r\nCSeq: {number} {method}\r\nMax-Forwards: 70\r\n{head}"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def _transaction(message: SipMessage) -> str:
    return f"{message.headers.get('call-id', '')} {message.headers.get('cseq', '')}"


def _response(request: bytes, status: int) -> bytes:
    """A response with what RFC 3261 section 8.2.6 takes over from the request."""
    head = request.decode(errors="replace").replace("\r\n", "\n").partition("\n\n")[0]
    kept = [line for line in head.split("\n")[1:] if re.match(r"(?i)(via|v|from|f|call-id|i|cseq):", line)]
    to = next((line for line in head.split("\n") if re.match(r"(?i)(to|t):", line)), "To: <sip:nobody>")
    to = to if ";tag=" in to else f"{to};tag={secrets.token_hex(4)}"
    lines = "\r\n".join((*kept, to))
    return f"SIP/2.0 {status} {'OK' if status < 300 else 'No'}\r\n{lines}\r\nContent-Length: 0\r\n\r\n".encode()
