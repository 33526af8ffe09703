"""A mail server on the loopback that keeps what it gets, and misbehaves as it is told to (RFC 5321, RFC 3207)."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.support.patience import LONGEST_WAIT

LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True)
class Taken:
    """One mail as it came: the envelope, the message, and whether the way was encrypted, and who logged in."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    encrypted: bool
    user: str


@dataclass
class SmtpSink:
    """answers: what the next mails are answered with after their data (the default is 250), one for each; an empty
    text closes the connection. refused: recipients that are answered 550. login: the one that is right."""

    answers: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    login: tuple[str, str] | None = None
    tls: ssl.SSLContext | None = None
    taken: list[Taken] = field(default_factory=list)
    conversations: int = 0
    port: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait_for(self, count: int) -> list[Taken]:
        """Until so many mails have come."""
        async with asyncio.timeout(LONGEST_WAIT):
            while len(self.taken) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.taken

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation."""
        self.conversations += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await _Conversation(self, reader, writer).run()
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    def take(self, taken: Taken) -> None:
        self.taken.append(taken)
        self._changed.set()


class _Conversation:
    def __init__(self, sink: SmtpSink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sink = sink
        self._reader = reader
        self._writer = writer
        self._encrypted = writer.get_extra_info("ssl_object") is not None
        self._user = ""
        self._sender = ""
        self._recipients: list[str] = []

    async def run(self) -> None:
        await self._say("220 sink ESMTP")
        while line := (await self._reader.readline()).decode("ascii").strip():
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                await self._say("221 bye")
                return
            await self._command(verb.upper(), rest)

    async def _command(self, verb: str, rest: str) -> None:
        match verb:
            case "EHLO" | "HELO":
                offers = ["STARTTLS"] if self._sink.tls and not self._encrypted else []
                offers += ["AUTH PLAIN"] if self._sink.login else []
                for line in ["250-sink", *(f"250-{offer}" for offer in offers), "250 SIZE 10000000"]:
                    await self._say(line)
            case "STARTTLS":
                await self._say("220 go ahead")
                await self._writer.start_tls(self._sink.tls)  # type: ignore[arg-type]
                self._encrypted = True
            case "AUTH":
                _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
                self._user = user if (user, password) == self._sink.login else ""
                await self._say("235 welcome" if self._user else "535 who are you?")
            case "MAIL":
                self._sender, self._recipients = _address(rest), []
                refused = self._sink.login is not None and not self._user
                await self._say("530 log in first" if refused else "250 ok")
            case "RCPT":
                recipient = _address(rest)
                if recipient in self._sink.refused:
                    await self._say("550 nobody of this name")
                else:
                    self._recipients.append(recipient)
                    await self._say("250 ok")
            case "DATA":
                await self._data()
            case _:
                await self._say("250 ok")

    async def _data(self) -> None:
        await self._say("354 go on")
        raw = (await self._reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
        answer = self._sink.answers.pop(0) if self._sink.answers else "250 taken"
        if not answer:
            raise ConnectionResetError
        if answer.startswith("2"):
            message = message_from_bytes(raw, policy=policy.default)
            self._sink.take(Taken(self._sender, tuple(self._recipients), message, self._encrypted, self._user))
        await self._say(answer)

    async def _say(self, line: str) -> None:
        self._writer.write(line.encode() + b"\r\n")
        await self._writer.drain()


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


@asynccontextmanager
async def smtp_sink(*, tls: ssl.SSLContext | None = None, from_the_start: bool = False) -> AsyncIterator[SmtpSink]:
    """A listening sink. tls: it offers STARTTLS with this, or with `from_the_start` speaks nothing else."""
    sink = SmtpSink(tls=None if from_the_start else tls)
    # A mail with a recording is read whole.
    server = await asyncio.start_server(sink.talk, "127.0.0.1", 0, ssl=tls if from_the_start else None, limit=LARGEST)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        await server.wait_closed()
