"""SIPp as our signalling: one process for many calls, told what to do over its twin connection (-3pcc)."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import os
import re
import signal
import socket
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from controller.errors import SoftphoneError

log = structlog.get_logger()

SCENARIOS: Final = Path(__file__).parent / "scenarios"
# SIPp ends each command of the twin connection with this byte; our scenarios end each event with these.
_END: Final = b"\x1b"
_EVENT_END: Final = b"--ringpost--"
# Room for the events of hundreds of calls, should this process be busy: SIPp waits while the pipe is full.
_PIPE_BYTES: Final = 1 << 20
_START_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 3.0
_TRIES: Final = 3
_PR_SET_PDEATHSIG: Final = 1
_LARGEST_COMMAND: Final = 1 << 20
# SIPp's complaints begin with a date and time, and the time again; the SIP message in question follows them.
_COMPLAINT: Final = re.compile(r"\d{4}-\d\d-\d\d\s[\d:.]+\s+[\d.]+: (.+)")
_libc: Final = ctypes.CDLL(None)

# Takes an event's name and the SIP message that caused it.
Receiver = Callable[[str, str], None]


def free_port(kind: socket.SocketKind, host: str) -> int:
    """A port that nobody has just now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class SippProcess:
    """A running SIPp with its twin connection. Each call has a Receiver, found by Call-ID."""

    def __init__(
        self,
        command: Sequence[str],
        scenario: str,
        *,
        server: tuple[str, int],
        host: str,
        port: int | None = None,
        listens: bool = False,
    ) -> None:
        """`command` starts SIPp; `listens` says that the scenario begins with a message from the far side.

        Then SIPp connects to us, else we to it: it makes that depend on the scenario's first command.
        """
        self._command = tuple(command)
        self._scenario = scenario
        self._server = server
        self._host = host
        self._fixed_port = port
        self._listens = listens
        self.port = 0
        self.on_stranger: Callable[[str, str, str], None] | None = None
        self._receivers: dict[str, Receiver] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._talk_detection: asyncio.Task[None] | None = None
        self._pipe: asyncio.ReadTransport | None = None

    @property
    def server(self) -> str:
        """Where calls go, as host:port."""
        return f"{self._server[0]}:{self._server[1]}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None and self._writer is not None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """SoftphoneError, with SIPp's own reason, when it does not start."""
        for tries_left in reversed(range(_TRIES)):
            try:
                await self._start_once()
                return
            except SoftphoneError:
                await self.stop()
                # Ports are chosen before SIPp binds them, so another program can be quicker.
                if not tries_left or self._fixed_port is not None:
                    raise
            except BaseException:
                await self.stop()
                raise

    async def stop(self) -> None:
        """Ends SIPp and whatever calls it still has."""
        tasks = [task for task in (self._reading, self._talk_detection) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._reading = self._talk_detection = None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        # SIPp ends by itself when the twin connection closes; first the signal, so that its end has one cause.
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    def attach(self, call_id: str, receiver: Receiver) -> None:
        self._receivers[call_id] = receiver

    def detach(self, call_id: str) -> None:
        self._receivers.pop(call_id, None)

    def tell(self, call_id: str, fields: Mapping[str, str | int]) -> None:
        """Give the call a command. SoftphoneError when SIPp is gone."""
        if self._writer is None or not self.running:
            raise SoftphoneError(f"SIPp has ended: {self.reason()}")
        lines = [f"Call-ID: {call_id}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self._writer.write("\r\n".join(lines).encode() + _END)

    def reason(self, call_id: str = "") -> str:
        """The last thing that SIPp complained about, of this call if it says so."""
        if self._scratch is None:
            return "it was stopped"
        for name in ("errors.log", "output.log"):
            with contextlib.suppress(OSError):
                lines = (Path(self._scratch.name) / name).read_text(errors="replace").splitlines()
                complaints = [match[1].strip() for line in lines if (match := _COMPLAINT.match(line))]
                if told := [line for line in complaints if call_id in line] or complaints:
                    return told[-1]
        return "it gave no reason"

    async def _start_once(self) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="ringpost-softphone-")
        connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
            asyncio.get_running_loop().create_future()
        )
        listener: asyncio.Server | None = None
        if self._listens:

            def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                if not connected.done():
                    connected.set_result((reader, writer))

            listener = await asyncio.start_server(take, "127.0.0.1", 0, limit=_LARGEST_COMMAND)
            twin_port = int(listener.sockets[0].getsockname()[1])
        else:
            twin_port = free_port(socket.SOCK_STREAM, "127.0.0.1")
        try:
            events = await self._open_pipe(Path(self._scratch.name) / "events")
            await self._launch(twin_port)
            reader, self._writer = await self._connect(twin_port, connected if listener else None)
        finally:
            if listener is not None:
                listener.close()
        self._reading = asyncio.create_task(self._read(reader), name=f"softphone {self._scenario} twin")
        self._talk_detection = asyncio.create_task(self._hear(events), name=f"softphone {self._scenario} events")

    async def _open_pipe(self, path: Path) -> asyncio.StreamReader:
        """The named pipe that SIPp takes for its log file."""
        os.mkfifo(path, 0o600)
        # Open for writing too: then the pipe has no end before SIPp opened it.
        pipe = os.fdopen(os.open(path, os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0)
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        reader = asyncio.StreamReader(limit=_LARGEST_COMMAND)
        loop = asyncio.get_running_loop()
        self._pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        return reader

    async def _launch(self, twin_port: int) -> None:
        assert self._scratch is not None
        self.port = self._fixed_port or free_port(socket.SOCK_DGRAM, self._host)
        control = free_port(socket.SOCK_DGRAM, "127.0.0.1")
        scratch = Path(self._scratch.name)
        arguments: list[str] = [
            f"{self._server[0]}:{self._server[1]}", "-sf", str(SCENARIOS / self._scenario),
            "-3pcc", f"127.0.0.1:{twin_port}", "-i", self._host, "-p", str(self.port), "-bind_local",
            "-mi", self._host, "-ci", "127.0.0.1", "-cp", str(control),
            # What comes at a moment when the scenario cannot take it is sent again: no reason to give a call up.
            "-default_behaviors", "all,-abortunexp",
            "-nostdin", "-aa", "-trace_err", "-error_file", str(scratch / "errors.log"),
            "-trace_logs", "-log_file", str(scratch / "events"),
        ]  # fmt: skip
        with (scratch / "output.log").open("wb") as output:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    *arguments,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=asyncio.subprocess.STDOUT,
                    cwd=scratch,
                    start_new_session=True,
                    preexec_fn=_end_with_parent,
                )
            except OSError as error:
                raise SoftphoneError(f"SIPp cannot be started: {error}") from error

    async def _connect(
        self, port: int, incoming: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        assert self._process is not None
        dead = asyncio.create_task(self._process.wait())
        connecting = asyncio.ensure_future(incoming or self._knock(port))
        try:
            await asyncio.wait({dead, connecting}, timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if connecting.done():
                return connecting.result()
            what = "ended at once" if dead.done() else f"is not ready after {_START_SECONDS:g} s"
            raise SoftphoneError(f"SIPp {what}: {self.reason()}")
        finally:
            dead.cancel()
            connecting.cancel()
            await asyncio.gather(dead, connecting, return_exceptions=True)

    @staticmethod
    async def _knock(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """SIPp opens its port a few ms after its start and has no way to say so."""
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port, limit=_LARGEST_COMMAND)
            except OSError:
                await asyncio.sleep(0.02)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                command = await reader.readuntil(_END)
                try:
                    self._dispatch(command[:-1].decode(errors="replace"))
                except Exception:
                    log.exception("a SIPp event could not be handled")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            reason = self.reason()
            for receiver in tuple(self._receivers.values()):
                receiver("lost", reason)

    async def _hear(self, events: asyncio.StreamReader) -> None:
        while True:
            event = (await events.readuntil(_EVENT_END))[: -len(_EVENT_END)].decode(errors="replace")
            call_id, _, rest = event.lstrip().partition(" ")
            name, _, message = rest.partition(" ")
            try:
                self._deliver(call_id, name, message)
            except Exception:
                log.exception("a SIPp event could not be handled")

    def _dispatch(self, command: str) -> None:
        head, _, message = command.replace("\r\n", "\n").partition("\n\n")
        fields = dict(line.split(": ", 1) for line in head.split("\n") if ": " in line)
        fields = {name.lower(): value for name, value in fields.items()}
        call_id = fields.get("call-id", "")
        event = fields.get("event", "")
        if fields.get("internal-cmd") == "abort_call":
            event, message = "lost", self.reason(call_id)
        self._deliver(call_id, event, message)

    def _deliver(self, call_id: str, event: str, message: str) -> None:
        receiver = self._receivers.get(call_id)
        if receiver is not None:
            receiver(event, message)
        elif self.on_stranger is not None:
            self.on_stranger(call_id, event, message)


def _end_with_parent() -> None:
    """Runs in the child: SIPp must not outlive us, even when we are killed without a chance to say so.

    It has a session of its own, for a Ctrl-C must reach only us, who hang up first.
    """
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
