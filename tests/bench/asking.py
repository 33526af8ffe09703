"""A client in a process of its own: so many connections that ask one question after the other, as fast as they can.

Started by `asked.py` with the host, the port, the number of connections, the protocol and what each answer must hold;
the questions come on the standard input. It prints the seconds that all answers took and the CPU seconds of its own.

http: a connection is kept, and its next question is sent when the answer is complete. agi: a connection for each
question, as Asterisk's dialplan has it; the command that is the answer is acknowledged.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from typing import cast

LENGTH = 4
"""Bytes of the number before each question: how many bytes it has."""


class Asking(asyncio.Protocol):
    """One connection, whose `done` is set after its last answer."""

    def __init__(self, questions: Iterator[bytes], expected: bytes) -> None:
        self._questions = questions
        self._expected = expected
        self._buffer = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the first question."""
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def connection_lost(self, _error: Exception | None) -> None:
        """An answer that is missing then is an error."""
        if not self.done.done():
            self.done.set_exception(RuntimeError("a connection was closed before its answer"))

    def data_received(self, data: bytes) -> None:
        """Take the answer, and ask on when it is complete."""
        self._buffer += data
        if self._is_complete():
            answer, self._buffer = self._buffer, b""
            if self._expected in answer:
                self._answered()
            elif not self.done.done():
                self.done.set_exception(RuntimeError(f"another answer than expected: {answer[-500:]!r}"))

    def _is_complete(self) -> bool:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return len(rest) >= int(length)

    def _answered(self) -> None:
        self._ask()

    def _ask(self) -> None:
        question = next(self._questions, None)
        if question is not None:
            self._transport.write(question)
        elif not self.done.done():
            self.done.set_result(None)


class AskingOnce(Asking):
    """A connection of AGI: one question, one command, which is acknowledged."""

    def _is_complete(self) -> bool:
        return self._buffer.endswith(b"\n")

    def _answered(self) -> None:
        self._transport.write(b"200 result=1\n")
        self._transport.close()
        if not self.done.done():
            self.done.set_result(None)


async def main(host: str, port: int, at_once: int, protocol: str, expected: str) -> None:
    """Ask everything."""
    loop = asyncio.get_running_loop()
    source = sys.stdin.buffer
    asked = []
    while head := source.read(LENGTH):
        asked.append(source.read(int.from_bytes(head, "big")))
    questions = iter(asked)

    async def kept() -> None:
        _, asking = await loop.create_connection(lambda: Asking(questions, expected.encode()), host, port)
        await asking.done

    async def one_each() -> None:
        for question in questions:
            once = iter([question])
            _, asking = await loop.create_connection(lambda o=once: AskingOnce(o, expected.encode()), host, port)  # type: ignore[misc]
            await asking.done

    began, cpu = time.perf_counter(), time.process_time()
    async with asyncio.timeout(1200):
        await asyncio.gather(*((one_each if protocol == "agi" else kept)() for _ in range(at_once)))
    print(json.dumps({"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]))
