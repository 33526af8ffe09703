"""A server program as a child process: it logs to a file, and ends when it is told to or when we end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from controller.embedded.ownership import end_with_parent


class OwnedProcess:
    """A running child in a process group of its own, so that a Ctrl-C meant for us does not reach it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._exited = asyncio.create_task(process.wait())

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        log: Path,
        orphaned: signal.Signals,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        uid: int | None = None,
        gid: int | None = None,
    ) -> OwnedProcess:
        """Start `command`; what it prints is appended to `log`, and `orphaned` is the signal it gets if we die."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=directory,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                preexec_fn=end_with_parent(orphaned, uid=uid, gid=gid),
            )
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; negative numbers are signals."""
        return self._process.returncode

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait until it has ended, and give its return code."""
        return await asyncio.shield(self._exited)

    async def ended_within(self, seconds: float) -> bool:
        """True as soon as it has ended, False when it still runs after so many seconds."""
        done, _ = await asyncio.wait({self._exited}, timeout=seconds)
        return bool(done)

    async def stop(self, *steps: tuple[signal.Signals, float]) -> int:
        """Send each signal and give it its seconds; what still runs then, and all it started, is killed."""
        for number, seconds in steps:
            if not self.running:
                break
            self.send(number)
            if await self.ended_within(seconds):
                break
        self.kill()
        return await self.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process itself; nothing happens when it has ended."""
        if self.running:
            self._process.send_signal(number)

    def kill(self) -> None:
        """Kill the whole process group at once."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self.send(signal.SIGKILL)
