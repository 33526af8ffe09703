"""Asterisk out of an unpacked tree, run as our own child with every folder and file of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import aiohttp
import structlog

from controller.embedded.process import OwnedProcess
from controller.errors import AsteriskUnreachable, ConfigurationError, PortInUse
from controller.programs import ProgramTree

log = structlog.get_logger()

LONGEST_PLACE = 50  # bytes
WORKING_FOLDER = Path("/proc/self/cwd")  # proc(5): whoever follows it comes to the folder that it works in itself
SOUNDS = "en_US_f_Allison"


class Directories(TypedDict):
    """Asterisk's folders."""

    etc_dir: Path
    module_dir: Path
    data_dir: Path
    var_dir: Path
    cache_dir: Path
    spool_dir: Path
    run_dir: Path
    log_dir: Path


@dataclass(frozen=True, slots=True)
class AsteriskTree:
    """The folders of one Asterisk: below `root`, but for what it only reads, which stays in the unpacked tree."""

    root: Path
    tools: ProgramTree
    log_dir: Path

    @property
    def etc_dir(self) -> Path:
        return self.root / "etc"

    @property
    def sounds_dir(self) -> Path:
        """Where sounds of ours lie: `ringpost/unavailable` is the file ringpost/unavailable.wav in there."""
        return self.root / "data" / "sounds"

    @property
    def place(self) -> Path:
        """The path by which Asterisk knows `root`: itself, or the folder that it works in, by the kernel's own link.

        Asterisk takes a dot anywhere in the path of a sound that it fetched for the beginning of its extension, and has
        only as much room for that path as the sound's URL is long: out of a folder such as .ringpost, or one that lies
        deep, it would play nothing. The path of its control socket is limited too. A link of our own would have to lie
        in a folder like /tmp, where links are cleaned away by their age, and where others can make them.
        """
        if "." not in str(self.root) and len(os.fsencode(self.root)) <= LONGEST_PLACE:
            return self.root
        return WORKING_FOLDER

    def directories(self) -> Directories:
        """The folders under the names that the configuration has for them."""
        return {
            "etc_dir": self.etc_dir,
            "module_dir": self.tools.libraries / "asterisk" / "modules",
            "data_dir": self.root / "data",
            "var_dir": self.root / "var",
            "cache_dir": self.place / "cache",
            "spool_dir": self.root / "spool",
            "run_dir": self.place / "run",
            "log_dir": self.log_dir,
        }

    def make(self) -> None:
        """Make what is missing. ConfigurationError when it cannot be made."""
        packaged = self.tools.root / "usr/share/asterisk"
        try:
            for name in ("etc", "data/sounds/ringpost", "var", "cache", "run", "spool/recording", "spool/tmp"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            # Asterisk does not make the folder of its log of channel events itself.
            (self.log_dir / "cel-custom").mkdir(parents=True, exist_ok=True)
            for name in ("agi-bin", "documentation", "rest-api"):
                _link(self.root / "data" / name, packaged / name)
            _link(self.sounds_dir / "en", packaged / "sounds" / SOUNDS)
        except OSError as error:
            raise ConfigurationError(f"Asterisk's folder {self.root} cannot be made: {error}") from error


class AsteriskServer:
    """One Asterisk on a tree whose configuration files are written already."""

    def __init__(self, tree: AsteriskTree, *, http_port: int, username: str, password: str) -> None:
        """`http_port`, `username` and `password` are ARI's, to see when it is ready."""
        self.tree = tree
        self.log = tree.log_dir / "asterisk.log"
        self._ping = f"http://127.0.0.1:{http_port}/ari/asterisk/ping"
        self._headers = {"Authorization": aiohttp.encode_basic_auth(username, password)}
        self._process: OwnedProcess | None = None
        self._written = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.running else None

    async def version(self) -> str:
        """The version of the unpacked Asterisk, such as "22.10.1"."""
        process = await asyncio.create_subprocess_exec(
            *self.tree.tools.command("asterisk", "-V"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
        found = re.search(r"\d+\.\d+\.\d+", output.decode(errors="replace"))
        if found is None:
            raise AsteriskUnreachable(f"The unpacked Asterisk does not run: {output.decode(errors='replace').strip()}")
        return found[0]

    async def start(self, timeout: float = 60.0) -> None:
        """Start it and wait until it has booted and answers on ARI.

        AsteriskUnreachable when it does not in time, PortInUse when one of its ports is taken.
        """
        started = time.monotonic()
        self.tree.make()
        self._written = self.log.stat().st_size if self.log.exists() else 0
        self._process = await OwnedProcess.start(
            self.tree.tools.command("asterisk", "-f", "-C", str(self.tree.etc_dir / "asterisk.conf")),
            log=self.tree.log_dir / "asterisk.out",
            orphaned=signal.SIGKILL,
            environment={"TZ": "UTC", "HOME": str(self.tree.root)},
            directory=self.tree.root,
        )
        try:
            async with asyncio.timeout(timeout):
                await self._wait_ready(self._process)
        except TimeoutError:
            await self.stop()
            raise AsteriskUnreachable(
                f"Asterisk did not get ready within {timeout:.0f} s; its log is {self.log}."
            ) from None
        except BaseException:
            await self.stop()
            raise
        log.debug("Asterisk is ready", seconds=round(time.monotonic() - started, 1), pid=self._process.pid)

    async def _wait_ready(self, process: OwnedProcess) -> None:
        async with aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(total=5)) as session:
            while process.running:
                try:
                    async with session.get(self._ping) as response:
                        if response.status == 200:
                            return self._require_ports()
                        if response.status in (401, 403):
                            raise AsteriskUnreachable("Another Asterisk answers on our ARI port.")
                except (aiohttp.ClientError, TimeoutError):
                    pass
                await process.ended_within(0.1)
                self._require_ports()
        raise AsteriskUnreachable(
            f"Asterisk ended while it started (status {process.returncode}); its logs are in {self.tree.log_dir}."
        )

    def _require_ports(self) -> None:
        """Asterisk goes on without a port that it does not get: a telephone exchange that nobody reaches."""
        if not self.log.exists():
            return
        with self.log.open("rb") as file:
            file.seek(self._written)
            for line in file.read().decode(errors="replace").splitlines():
                if "Address already in use" in line:
                    raise PortInUse(f"A port that Asterisk needs is taken by another program: {line}")

    async def stop(self, timeout: float = 5.0) -> None:
        """Stop it, hanging up its calls; one that does not end within `timeout` seconds is killed."""
        if self._process is not None:
            process, self._process = self._process, None
            await process.stop((signal.SIGTERM, timeout))

    async def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def wait(self) -> int:
        """Wait until it ends by itself, and give its return code."""
        if self._process is None:
            raise AsteriskUnreachable("Asterisk is not running.")
        return await self._process.wait()


def _link(link: Path, target: Path) -> None:
    if not (link.is_symlink() and link.readlink() == target):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
