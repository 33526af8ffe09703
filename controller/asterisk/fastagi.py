"""FastAGI: the dialplan asks the controller a question in the middle of an extension, through panoramisk.

The protocol is that of Asterisk's documentation, "The Asterisk Gateway Interface (AGI)". panoramisk's own reader spins
for ever when a connection closes without a word, so reading the head of a request is done here, with limits.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from panoramisk.fast_agi import Application, Request  # type: ignore[import-untyped]

from controller.errors import AsteriskError, AsteriskRefused, AsteriskTimeout, AsteriskUnreachable

log = structlog.get_logger()

HEAD_LIMIT = 256 * 1024
"""Bytes of a request's head; a text of several SMS segments in base64 is one of its lines."""

CONNECTIONS_AT_MOST = 256
"""At one time; Asterisk has a few, and whoever floods the port gets no memory of ours."""


class AgiRequest:
    """A question of the dialplan: its headers, its arguments, and the few commands that answer it."""

    def __init__(self, request: Request, timeout: float) -> None:
        self._request = request
        self._timeout = timeout

    @property
    def headers(self) -> dict[str, str]:
        """What Asterisk tells first, by its own names: "agi_extension", "agi_callerid", "agi_uniqueid" …"""
        return dict(self._request.headers)

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the dialplan gave to AGI() after the address."""
        headers = self._request.headers
        arguments: list[str] = []
        while (argument := headers.get(f"agi_arg_{len(arguments) + 1}")) is not None:
            arguments.append(str(argument))
        return tuple(arguments)

    async def get_variable(self, expression: str) -> str:
        """A variable or function of the dialplan, "${MESSAGE(from)}" in full; empty when it is not set."""
        result = await self._command(f"GET FULL VARIABLE {quoted(expression)}")
        value = result.get("result", ("", ""))
        return str(value[1]) if isinstance(value, tuple) else ""

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable; a line break becomes a space, for AGI cannot carry one."""
        await self._command(f"SET VARIABLE {quoted(name)} {quoted(value)}")

    async def _command(self, line: str) -> dict[str, Any]:
        name = " ".join(line.split(" ")[:3])
        try:
            async with asyncio.timeout(self._timeout):
                result: dict[str, Any] = await self._request.send_command(line)
        except TimeoutError as error:
            raise AsteriskTimeout(f"Asterisk did not answer the AGI command {name}.") from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise AsteriskUnreachable("The AGI connection was lost, or told no answer.") from error
        if result.get("status_code") != 200:
            raise AsteriskRefused(f"Asterisk refused the AGI command {name}.", status=result.get("status_code") or 0)
        return result


def quoted(text: str) -> str:
    """An argument of an AGI command in quotes, with what would end it escaped; line breaks and NUL become spaces."""
    plain = "".join(" " if character in "\r\n\0" else character for character in text)
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


AgiHandler = Callable[[AgiRequest], Awaitable[None]]


class _Application(Application):  # type: ignore[misc]
    """panoramisk's application with a reader that ends."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, head_timeout: float, command_timeout: float) -> None:
        super().__init__(loop=loop)
        self._head_timeout = head_timeout
        self._command_timeout = command_timeout
        self._handlers: dict[str, AgiHandler] = {}

    def route(self, script: str, handler: AgiHandler) -> None:
        self._handlers[script] = handler

    async def handler(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            headers = await self._read_head(reader)
            await self._serve(headers, reader, writer)
        except AsteriskError as error:
            log.warning("A question of the dialplan was not answered", reason=str(error))
        except Exception:
            log.exception("Answering a question of the dialplan failed")
        finally:
            writer.close()

    async def _read_head(self, reader: asyncio.StreamReader) -> OrderedDict[str, str]:
        try:
            async with asyncio.timeout(self._head_timeout):
                head = await reader.readuntil(b"\n\n")
        except TimeoutError:
            raise AsteriskTimeout(f"No AGI request came within {self._head_timeout:g} s.") from None
        except asyncio.LimitOverrunError as error:
            raise AsteriskRefused(f"An AGI request is longer than {HEAD_LIMIT} bytes.") from error
        except (asyncio.IncompleteReadError, OSError) as error:
            raise AsteriskUnreachable("An AGI connection was closed before its request.") from error
        lines = head.decode(self.default_encoding, errors="replace").split("\n")
        return OrderedDict((name, value) for name, colon, value in (line.partition(": ") for line in lines) if colon)

    async def _serve(
        self, headers: OrderedDict[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        script = headers.get("agi_network_script", "")
        handler = self._handlers.get(script)
        if handler is None:
            raise AsteriskRefused("The dialplan asks for an AGI script that does not exist.")
        request = Request(app=self, headers=headers, reader=reader, writer=writer, encoding=self.default_encoding)
        await handler(AgiRequest(request, self._command_timeout))


class FastAgiServer:
    """Listens for the dialplan's questions: `AGI(agi://HOST:PORT/SCRIPT,ARGUMENTS)`."""

    def __init__(
        self, *, host: str = "127.0.0.1", port: int, head_timeout: float = 5.0, command_timeout: float = 5.0
    ) -> None:
        """Times in seconds: how long the head of a request may take, and the answer to each command."""
        self._host = host
        self._port = port
        self._timeouts = {"head_timeout": head_timeout, "command_timeout": command_timeout}
        self._routes: dict[str, AgiHandler] = {}
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port that it listens on, once started (0 was replaced by the one that was free)."""
        return self._port

    def route(self, script: str, handler: AgiHandler) -> None:
        """Have `handler` answer the questions for `script`; the connection closes when it returns.

        The dialplan goes on then, whether it succeeded or not: it must set a variable to say so.
        """
        self._routes[script] = handler

    async def start(self) -> None:
        """Raises OSError when the port is taken."""
        application = _Application(asyncio.get_running_loop(), **self._timeouts)
        for script, handler in self._routes.items():
            application.route(script, handler)

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if len(self._connections) >= CONNECTIONS_AT_MOST:
                writer.transport.abort()
                return
            task = asyncio.create_task(application.handler(reader, writer), name="fastagi")
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

        self._server = await asyncio.start_server(accept, self._host, self._port, limit=HEAD_LIMIT)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self, timeout: float = 5.0) -> None:
        """Take no more questions; those that are being answered get `timeout` seconds."""
        if self._server is None:
            return
        self._server.close()
        if self._connections:
            _, late = await asyncio.wait(self._connections, timeout=timeout)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._server = None
