"""`ringpost run`: PostgreSQL, Asterisk and the controller on one machine, started, kept up and ended together."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import FrameType
from typing import Protocol

import aiohttp
from rich.console import Console

from controller import logs
from controller.api.console.letting_in import console_url, first_link
from controller.config.load import Configuration, read_configuration
from controller.config.settings import Settings
from controller.embedded.asterisk_server import AsteriskServer
from controller.embedded.debian import PACKAGES, SPEECH_PACKAGES, age_in_days, provision
from controller.embedded.log_rotation import rotate_logs
from controller.embedded.ports import check_ports
from controller.embedded.postgres_server import PostgresServer, cluster_home
from controller.embedded.process import OwnedProcess
from controller.embedded.progress import Progress
from controller.errors import (
    AlreadyRunning,
    ApplicationReplaced,
    PortInUse,
    RingpostError,
    StoreError,
    UnsupportedSystem,
)
from controller.postbacks.receiver import Receiver, received_line
from controller.resources import QUERIES
from controller.running.prompt_rendering import build_prompts
from controller.running.provisioning import (
    announcements_dir,
    asterisk_configuration,
    asterisk_tree,
    needed_ports,
    write_asterisk_files,
)
from controller.running.sharing import with_shared_secrets
from controller.running.summary import print_summary
from controller.speech.announcements import record_announcements
from controller.store.database import Database
from controller.store.queries import Queries
from controller.terminal import output, shown

LOCK_FILE = "ringpost.lock"
CONTROLLER = "the controller"
# In the environment of the children that could outlive us for a while, with the state directory as its value.
CHILD_MARK = "RINGPOST_SUPERVISED"
ORPHAN_SECONDS = 4.0
DYING_SECONDS = 1.5
READY_SECONDS = 60.0
OLD_TOOLS_DAYS = 30
STOP_SECONDS = 15.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
# A part that had got ready is started again after at most so long: calls ring for ten seconds meanwhile.
READY_PAUSE_SECONDS = 2.0
# A part that ran for so long is taken for sound again: its next restart comes at once.
SOUND_SECONDS = 60.0


class Part(Protocol):
    """A server that the supervisor keeps up."""

    async def start(self) -> None:
        """Return when it is ready; a RingpostError when it does not get so."""

    async def wait(self) -> int:
        """Wait until it ends by itself."""

    async def stop(self) -> None:
        """End it; nothing happens when it is not running."""


async def run(config: Path) -> None:
    """Run everything until SIGINT or SIGTERM. A RingpostError when something cannot be started."""
    configuration = read_configuration(config)
    # The parts log to their files; the terminal is for the summary, and for what goes wrong.
    logs.configure("warning")
    with only_one(configuration.settings.state_dir):
        await Supervisor(configuration, output()).run()


@contextlib.contextmanager
def only_one(state: Path) -> Iterator[None]:
    """Hold the state directory's lock. AlreadyRunning when another process has it."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / LOCK_FILE).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(
                f"Ringpost is running already on {state} (process {file.read().strip() or 'unknown'}): "
                "stop that one first, or give a second one another folder (RINGPOST_STATE) and other ports."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


class ControllerProcess:
    """The controller as a child of ours: `ringpost serve`."""

    def __init__(self, config: Path, settings: Settings, database_url: str) -> None:
        self._command = [sys.executable, "-m", "controller.cli", "serve", "--config", str(config.absolute())]
        self._environment = {
            "DATABASE_URL": database_url,
            "RINGPOST_STATE": str(settings.state_dir),
            CHILD_MARK: str(settings.state_dir),
        }
        self._ready_url = f"{settings.http_url}/health/ready"
        self.log = settings.state_dir / "logs" / "controller.log"
        self._process: OwnedProcess | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.running else None

    async def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        written = self.log.stat().st_size if self.log.exists() else 0
        process = self._process = await OwnedProcess.start(
            self._command, log=self.log, orphaned=signal.SIGTERM, environment=self._environment
        )
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._wait_ready(process, written)
        except TimeoutError:
            await self.stop()
            raise RingpostError(
                f"The controller did not get ready within {READY_SECONDS:.0f} s; its log is {self.log}."
            ) from None
        except BaseException:
            await self.stop()
            raise

    async def _wait_ready(self, process: OwnedProcess, written: int) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while process.running:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(self._ready_url) as response:
                        if response.status == 200:
                            return
                await process.ended_within(0.1)
        with self.log.open("rb") as file:
            file.seek(written)
            said = file.read().decode(errors="replace").strip()
        raise RingpostError(f"The controller did not start:\n{said[-2000:]}\nIts log is {self.log}.")

    async def wait(self) -> int:
        """Wait until it ends."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self) -> None:
        """Let it finish what it does, up to its limit."""
        if self._process is not None:
            process, self._process = self._process, None
            await process.stop((signal.SIGTERM, STOP_SECONDS))


class Supervisor:
    """Starts the parts in their order, keeps each up, and ends them in the reverse order."""

    def __init__(self, configuration: Configuration, console: Console) -> None:
        self._configuration = configuration
        self._settings = configuration.settings
        self._console = console
        self._progress = Progress(sys.stderr)

    async def run(self) -> None:
        """Run until told to stop. A RingpostError when a part does not start; what had started is ended then."""
        with _interruptible():
            self._provide_tools()
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        running = asyncio.create_task(self._start_and_keep())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                self._console.print("\nStopping …")
        finally:
            stopping.cancel()
            running.cancel()
            await asyncio.wait({running})
        if not running.cancelled() and (error := running.exception()) is not None:
            raise error

    def _provide_tools(self) -> None:
        directory = self._settings.tools_dir
        if not self._settings.external_asterisk:
            provision(directory, self._progress, PACKAGES)
            return
        try:
            provision(directory, self._progress, SPEECH_PACKAGES)
        except UnsupportedSystem as error:
            self._console.print(f"[yellow]The speech engines of this system are used: {shown(str(error))}[/]")

    async def _start_and_keep(self) -> None:
        await self._end_orphans()
        await self._check_ports()
        async with contextlib.AsyncExitStack() as stack:
            kept: list[tuple[str, Part]] = []
            database_url = self._settings.database_url
            if not database_url:
                postgres = PostgresServer(self._cluster(), logs=self._settings.state_dir / "logs")
                await self._start("PostgreSQL", postgres, kept, stack)
                database_url = postgres.dsn
            await self._share_secrets(database_url)
            if not self._settings.external_asterisk:
                with self._progress.step("Preparing Asterisk's files"):
                    await self._prepare_asterisk()
                known = asterisk_configuration(self._configuration)
                asterisk = AsteriskServer(
                    asterisk_tree(self._settings),
                    http_port=known.http_port,
                    username=known.ari_username,
                    password=known.ari_password,
                )
                await self._start("Asterisk", asterisk, kept, stack)
            if self._settings.receiver.enabled:
                await stack.enter_async_context(self._receiver())
            controller = ControllerProcess(self._configuration.path, self._settings, database_url)
            await self._start(CONTROLLER, controller, kept, stack)
            self._warn()
            self._console.print("\n[bold green]Ringpost is ready.[/]\n")
            print_summary(self._configuration, self._console, await self._console_link(database_url))
            async with asyncio.TaskGroup() as group:
                logging, logs_dir = self._settings.log, self._settings.state_dir / "logs"
                group.create_task(rotate_logs(logs_dir, megabytes=logging.rotate_megabytes, keep=logging.keep))
                for name, part in kept:
                    group.create_task(self._keep(name, part))

    async def _console_link(self, database_url: str) -> str:
        """Where the console is; the link logs in once, and only this terminal shows it."""
        base_url = console_url(self._settings)
        try:
            database = await Database.connect(database_url, Queries.load(QUERIES), size=1)
            try:
                return await first_link(database, base_url)
            finally:
                await database.close()
        except StoreError:
            return f"{base_url}/console/"

    def _warn(self) -> None:
        """Of what makes an attack worse on this machine, whatever the configuration says."""
        if self._settings.external_asterisk:
            return
        if os.geteuid() == 0:
            self._console.print("[yellow]Asterisk runs as root: start Ringpost as an ordinary user.[/]")
        days = age_in_days(self._settings.tools_dir)
        if days is not None and days > OLD_TOOLS_DAYS:
            way = "`ringpost tools update` fetches a newer one, for the next start"
            self._console.print(f"[yellow]Asterisk was fetched {days} days ago, and is not updated: {shown(way)}.[/]")

    async def _share_secrets(self, database_url: str) -> None:
        """Before Asterisk's files are written. A database that is not there, or is empty, says nothing of them yet."""
        with contextlib.suppress(StoreError):
            database = await Database.connect(database_url, Queries.load(QUERIES), size=1)
            try:
                self._configuration = await with_shared_secrets(self._configuration, database)
            finally:
                await database.close()

    def _cluster(self) -> Path:
        """Where the database lives; when that is elsewhere, the state directory has a link to it."""
        home, link = cluster_home(self._settings.state_dir), self._settings.state_dir / "postgres"
        if home != link and not link.is_symlink():
            link.symlink_to(home)
        return home

    async def _end_orphans(self) -> None:
        """A controller whose run was killed is ending already; one that takes long is killed: it may be at any time."""
        began = time.monotonic()
        while (orphans := self._orphans()) and (waited := time.monotonic() - began) < 2 * ORPHAN_SECONDS:
            if waited > ORPHAN_SECONDS:
                for orphan in orphans:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(orphan, signal.SIGKILL)
            await asyncio.sleep(0.1)

    def _orphans(self) -> list[int]:
        """The processes that an earlier run started on our state directory; the lock says that it is gone."""
        mark = f"{CHILD_MARK}={self._settings.state_dir}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    found.append(int(process.name))
        return found

    async def _check_ports(self) -> None:
        began = time.monotonic()
        while True:
            try:
                return check_ports(needed_ports(self._settings))
            except PortInUse:
                # What was killed with an earlier run gives its ports back within moments.
                if time.monotonic() - began > DYING_SECONDS:
                    raise
                await asyncio.sleep(0.1)

    async def _prepare_asterisk(self) -> None:
        await asyncio.to_thread(write_asterisk_files, self._configuration)
        prompts = build_prompts(self._settings)
        try:
            await record_announcements(prompts, announcements_dir(self._settings))
        finally:
            await prompts.close()

    async def _start(
        self, name: str, part: Part, kept: list[tuple[str, Part]], stack: contextlib.AsyncExitStack
    ) -> None:
        with self._progress.step(f"Starting {name}"):
            await part.start()
        stack.push_async_callback(part.stop)
        kept.append((name, part))

    async def _keep(self, name: str, part: Part) -> None:
        """Start a part again whenever it ends, at first at once, then after growing pauses."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            status = await part.wait()
            if name == CONTROLLER and status == ApplicationReplaced.exit_status:
                raise RingpostError("The controller cannot go on; its log says why (another controller took over?).")
            if time.monotonic() - began > SOUND_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            pause = min(pause, READY_PAUSE_SECONDS)
            while True:
                self._console.print(f"[yellow]{shown(name)} ended ({_ending(status)}); it is started again.[/]")
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                try:
                    await part.start()
                except RingpostError as error:
                    self._console.print(f"[red]{shown(str(error))}[/]")
                else:
                    self._console.print(f"[green]{shown(name)} is up again.[/]")
                    break

    @contextlib.asynccontextmanager
    async def _receiver(self) -> AsyncIterator[None]:
        secrets = [
            secret for key in self._configuration.snapshot.license_keys.values() for secret in key.webhook_secrets
        ]
        receiver = Receiver(
            secrets=secrets,
            token=self._configuration.admin_token,
            on_received=lambda received: self._console.print(shown(received_line(received)), soft_wrap=True),
        )
        runner = await receiver.start(self._settings.receiver.port, host=self._settings.receiver.host)
        try:
            yield
        finally:
            await runner.cleanup()


def _ending(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGINT and SIGTERM end a blocking step, whatever the event loop does with them."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
