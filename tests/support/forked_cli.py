"""The command line as a process that starts within milliseconds: forked from one that has loaded everything.

Loading takes seconds of a processor, and a whole run starts hundreds of services and commands. What runs after that is
the same: a process of its own, with its own arguments, environment and folder, that a test may stop and kill. That a
process which loads everything itself works too is what the tests of `make run`, of the wheel and of the command
line's start show.

Run as a program it is the process that has loaded everything. Each message on its standard input, a socket, makes it
fork; what it forks runs `ringpost` as the message says.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import resource
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

PROJECT = Path(__file__).parents[2]
LOADED = ("controller.cli", "controller.service.run", "controller.commands")
"""Modules, and packages with all that is in them."""
LONGEST_MESSAGE = 1 << 17
MOST_DESCRIPTORS = 1024


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    returncode: int
    stdout: bytes
    stderr: bytes


class ForkedProcess:
    """A process of the command line, as its parent sees it. `returncode` is None while it runs."""

    def __init__(self, pid: int, status: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._over = asyncio.create_task(self._until_over(status))

    async def _until_over(self, status: socket.socket) -> int:
        with status:
            told = await asyncio.get_running_loop().sock_recv(status, 64)
        self.returncode = int(told)
        return self.returncode

    async def wait(self) -> int:
        """Wait for its end; its exit status, or the signal that ended it as a negative number."""
        return await asyncio.shield(self._over)

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing happens when it has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """End it as an administrator would."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it with no chance to do anything."""
        self.send_signal(signal.SIGKILL)


async def start(
    *arguments: str, output: IO[bytes] | int, environment: Mapping[str, str], folder: Path = PROJECT
) -> ForkedProcess:
    """Run `ringpost` with these arguments; all that it prints goes to the file `output`."""
    descriptor = output if isinstance(output, int) else output.fileno()
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        status = _asked((nothing, descriptor, descriptor), arguments, environment, folder)
    finally:
        os.close(nothing)
    status.setblocking(False)
    return ForkedProcess(int(await asyncio.get_running_loop().sock_recv(status, 64)), status)


async def follow(
    *arguments: str, environment: Mapping[str, str], folder: Path = PROJECT
) -> tuple[ForkedProcess, asyncio.StreamReader]:
    """Run `ringpost`; its process, and all that it prints, while it prints it."""
    reading, writing = os.pipe()
    try:
        process = await start(*arguments, output=writing, environment=environment, folder=folder)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    printed = asyncio.StreamReader()
    # At the end of what is printed the pipe is closed.
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(printed), os.fdopen(reading, "rb")
    )
    return process, printed


async def run(*arguments: str, environment: Mapping[str, str], timeout: float) -> tuple[int, str]:
    """Run `ringpost` to its end; its exit status, and what it printed. TimeoutError after so many seconds."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as printed:
        try:
            process = await start(*arguments, output=writing, environment=environment)
        finally:
            os.close(writing)
        try:
            async with asyncio.timeout(timeout):
                told = await asyncio.to_thread(printed.read)
                return await process.wait(), told.decode()
        finally:
            process.kill()  # the thread that reads ends with it


def complete(
    *arguments: str,
    environment: Mapping[str, str],
    timeout: float,
    given: bytes = b"",
    folder: Path = PROJECT,
    limits: Mapping[int, int] | None = None,
) -> Ended:
    """Run `ringpost` to its end, with `given` on its standard input; TimeoutError after so many seconds.

    `limits` are those of the module `resource`: so much memory, so many seconds of a processor are all that it gets.
    """
    with ExitStack() as files:
        taken, printed, complained = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        taken.write(given)
        taken.seek(0)
        streams = (taken.fileno(), printed.fileno(), complained.fileno())
        status = files.enter_context(_asked(streams, arguments, environment, folder, limits))
        status.settimeout(timeout)
        pid = int(status.recv(64))
        try:
            returncode = int(status.recv(64))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise
        return Ended(returncode, *(_all_of(file) for file in (printed, complained)))


def _all_of(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _asked(
    streams: tuple[int, int, int],
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    limits: Mapping[int, int] | None = None,
) -> socket.socket:
    """Ask for a process with these standard streams; what gives its process id, and later how it ended."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    message = {
        "arguments": arguments,
        "environment": dict(environment),
        "folder": str(folder),
        "limits": tuple((limits or {}).items()),
    }
    with theirs:
        socket.send_fds(_loaded_process(), [json.dumps(message).encode()], [*streams, theirs.fileno()])
    return ours


@cache
def _loaded_process() -> socket.socket:
    """The socket of this process's own parent of commands. It ends when nobody holds the other end any more."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forked_cli"], stdin=theirs.fileno(), cwd=PROJECT
        )
    atexit.register(_end, process, ours)
    return ours


def _end(process: subprocess.Popen[bytes], requests: socket.socket) -> None:
    requests.close()
    process.kill()
    process.wait()


def _load() -> None:
    for name in LOADED:
        module = importlib.import_module(name)
        for each in pkgutil.iter_modules(getattr(module, "__path__", ())):
            importlib.import_module(f"{name}.{each.name}")
    gc.collect()
    gc.freeze()


def _serve(requests: socket.socket) -> None:
    """Fork for each request, and tell of each end, until nobody can ask any more."""
    with selectors.DefaultSelector() as selector:
        selector.register(requests, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is requests:
                    if not _taken(requests, selector):
                        return
                    continue
                selector.unregister(key.fd)
                os.close(key.fd)
                pid, status = key.data
                with status, contextlib.suppress(OSError):  # nobody may wait for it any more
                    status.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _taken(requests: socket.socket, selector: selectors.BaseSelector) -> bool:
    """Fork for the next request; False when there is none any more."""
    message, descriptors, _, _ = socket.recv_fds(requests, LONGEST_MESSAGE, 4)
    if not message:
        return False
    streams, status = descriptors[:3], socket.socket(fileno=descriptors[3])
    pid = os.fork()
    if pid == 0:
        selector.close()
        _become(streams, **json.loads(message))
    for stream in streams:
        os.close(stream)
    status.send(b"%d" % pid)
    selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, status))
    return True


def _become(
    streams: list[int], arguments: list[str], environment: dict[str, str], folder: str, limits: list[tuple[int, int]]
) -> NoReturn:
    """Be the process that was asked for."""
    from controller.cli import main

    status: Any = 1
    try:
        for target, source in enumerate(streams):
            os.dup2(source, target)
        # What the parent holds, the sockets of other processes among it, is none of its business.
        os.closerange(3, MOST_DESCRIPTORS)
        sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8")  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", buffering=1)  # noqa: SIM115
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for kind, most in limits:
            resource.setrlimit(kind, (most, most))
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.argv = ["ringpost", *arguments]
        sys.modules["__main__"].__package__ = None  # by which a usage message would name this module
        main()
    except SystemExit as ended:
        status = ended.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status if isinstance(status, int) else status is not None)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, and with them this
    _load()
    _serve(socket.socket(fileno=0))
