"""PostgreSQL without a database server on the machine: the programs of a Python package, run as our own child."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import asyncpg
import structlog

from controller.embedded.postgres_programs import MAJOR, WAY_OUT, Account, packaged_programs, programs_for
from controller.embedded.process import OwnedProcess
from controller.errors import ConfigurationError, StoreUnreachable, UnsupportedSystem

log = structlog.get_logger()

USER = "ringpost"
SOCKET = ".s.PGSQL.5432"
PID_FILE = "postmaster.pid"
LONGEST_SOCKET_PATH = 107  # bytes, unix(7)
ROOT_HOME = Path("/var/lib/ringpost")

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings for a database that may be lost with its machine: the tests'."""


def cluster_home(state: Path) -> Path:
    """Where the cluster of a state directory lives.

    PostgreSQL refuses to run as root, so root's cluster belongs to another user, who could not reach a folder in root's
    home: it is kept below /var/lib/ringpost, one for each state directory.
    """
    if os.geteuid() != 0:
        return state / "postgres"
    return ROOT_HOME / hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:12] / "postgres"


class PostgresServer:
    """One cluster in a directory, reached through a socket there, by the user that runs us and by nobody else."""

    def __init__(
        self,
        directory: Path,
        *,
        logs: Path | None = None,
        database: str = USER,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.log = (logs or directory) / "postgres.log"
        self._database = database
        self._settings = {"max_connections": "60", "shared_buffers": "64MB", **(settings or {})}
        self._data = directory / "data"
        self._sockets = _socket_folder(directory)
        self._process: OwnedProcess | None = None
        self._account: Account | None = None

    @property
    def dsn(self) -> str:
        """The address of our database, for asyncpg and other libpq-like clients."""
        return self.dsn_of(self._database)

    def dsn_of(self, database: str) -> str:
        """The address of another database of the same cluster."""
        return f"postgresql://{USER}@/{database}?{urlencode({'host': str(self._sockets)})}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.running else None

    async def start(self, timeout: float = 30.0) -> None:
        """Make the cluster if there is none, start it and wait until our database answers.

        StoreUnreachable when it does not within `timeout` seconds, UnsupportedSystem when it cannot run here.
        """
        try:
            async with asyncio.timeout(timeout):
                programs = await self._prepare()
                await self._end_orphan()
                await self._launch(programs)
                await self._wait_ready()
        except TimeoutError:
            await self.stop()
            raise StoreUnreachable(f"PostgreSQL did not start within {timeout:.0f} s; its log is {self.log}.") from None
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop it, cutting its connections; a process that does not end is killed."""
        if self._process is not None:
            process, self._process = self._process, None
            await process.stop((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0))
        if self._sockets.parent != self.directory:
            shutil.rmtree(self._sockets, ignore_errors=True)

    async def wait(self) -> int:
        """Wait until the server ends by itself, and give its return code."""
        if self._process is None:
            raise StoreUnreachable("PostgreSQL is not running.")
        return await self._process.wait()

    async def _prepare(self) -> Path:
        try:
            self._make_folders()
            if os.geteuid() == 0:
                self._account = self._other_user()
                self._own(self.directory)
                programs = await programs_for(self._account, self.directory)
            else:
                programs = packaged_programs()
            self._make_socket_folder()
        except OSError as error:
            raise ConfigurationError(f"PostgreSQL's folder {self.directory} cannot be made: {error}") from error
        if not (self._data / "PG_VERSION").exists():
            await self._initialise(programs)
        found = (self._data / "PG_VERSION").read_text().strip()
        if found != str(MAJOR):
            raise ConfigurationError(
                f"{self._data} was made by PostgreSQL {found}, and this is PostgreSQL {MAJOR}: "
                "move the folder away, or set DATABASE_URL to a server that holds its data."
            )
        return programs

    def _other_user(self) -> Account:
        """The user that the server runs as when we are root: the owner of its data, if there are any."""
        if not self._data.exists():
            return _first_account("postgres", "nobody")
        owner = self._data.stat()
        return Account(f"the user {owner.st_uid}", owner.st_uid, owner.st_gid)

    def _make_folders(self) -> None:
        for folder in reversed((self.directory, *self.directory.parents)):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                if os.geteuid() == 0:
                    # Whatever the umask: the user that the server runs as must be able to pass.
                    folder.chmod(0o711)
        self.log.parent.mkdir(parents=True, exist_ok=True)

    def _make_socket_folder(self) -> None:
        with contextlib.suppress(FileExistsError):
            self._sockets.mkdir(mode=0o700)
            self._own(self._sockets)
        found = self._sockets.lstat()
        owner = os.geteuid() if self._account is None else self._account.uid
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise ConfigurationError(f"{self._sockets} is not a folder of PostgreSQL's own: remove it.")

    def _own(self, path: Path) -> None:
        path.chmod(0o700)
        if self._account is not None:
            os.chown(path, self._account.uid, self._account.gid)

    async def _initialise(self, programs: Path) -> None:
        own_name = _own_name()
        fresh = self.directory / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        command = [
            str(programs / "initdb"),
            f"--pgdata={fresh}",
            f"--username={USER}",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--auth=reject",
            "--no-sync",
        ]
        process = await self._child(command)
        if await process.wait():
            raise UnsupportedSystem(f"PostgreSQL's initdb failed; {self.log} says why. Or {WAY_OUT}.")
        # Whoever runs us is the only one who may connect: the kernel tells the server who is at the socket.
        (fresh / "pg_hba.conf").write_text("local all all peer map=owner\n")
        (fresh / "pg_ident.conf").write_text(f'owner "{own_name}" {USER}\n')
        fresh.rename(self._data)

    async def _launch(self, programs: Path) -> None:
        settings = {
            **self._settings,
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "log_min_messages": "warning",
            "log_line_prefix": "%m [%p] ",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        self._process = await self._child([str(programs / "postgres"), "-D", str(self._data), *options])

    async def _child(self, command: list[str]) -> OwnedProcess:
        return await OwnedProcess.start(
            command,
            log=self.log,
            orphaned=signal.SIGINT,
            environment={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
            directory=self.directory,
            uid=self._account.uid if self._account else None,
            gid=self._account.gid if self._account else None,
        )

    async def _wait_ready(self) -> None:
        assert self._process is not None
        while self._process.running:
            try:
                connection = await asyncpg.connect(self.dsn_of("postgres"), timeout=5)
            except (OSError, asyncpg.PostgresError, TimeoutError):
                await self._process.ended_within(0.05)
                continue
            try:
                if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", self._database):
                    await connection.execute(f'CREATE DATABASE "{self._database}"')
            finally:
                await connection.close()
            log.debug("PostgreSQL is ready", directory=str(self.directory), pid=self._process.pid)
            return
        raise StoreUnreachable(f"PostgreSQL ended while it started; its log is {self.log}.")

    async def _end_orphan(self) -> None:
        """A server whose owner was killed is already stopping: wait for it, and insist if it takes long."""
        for number in (signal.SIGINT, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            orphan = self._orphan()
            if orphan is None:
                break
            os.kill(orphan, number)
            for _ in range(50):
                if self._orphan() is None:
                    break
                await asyncio.sleep(0.1)
        for lock in (self._data / PID_FILE, self._sockets / f"{SOCKET}.lock"):
            _claim(lock)

    def _orphan(self) -> int | None:
        """The server that runs on our data: its command line names them, and its working directory is theirs."""
        try:
            pid = int((self._data / PID_FILE).read_bytes().split()[0])
            if os.fsencode(self._data) in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
            # Not readable for root in a container: then the command line must do.
            return pid if Path(f"/proc/{pid}/cwd").readlink() == self._data.resolve() else None
        except (OSError, ValueError, IndexError):
            return None


def _claim(lock: Path) -> None:
    """Put our own number into what a server that is no more left behind.

    After a power cut the number may be another program's by now, which PostgreSQL would take for the old server. It
    takes the process that starts it for no server, and still looks whether the old one's memory is in use.
    """
    with contextlib.suppress(FileNotFoundError):
        rest = lock.read_bytes().splitlines(keepends=True)[1:]
        lock.write_bytes(b"".join([b"%d\n" % os.getpid(), *rest]))


def _socket_folder(directory: Path) -> Path:
    """In the cluster's folder; for one so deep that a socket's path would be too long, one with a short name."""
    folder = directory / "run"
    if len(os.fsencode(folder / SOCKET)) <= LONGEST_SOCKET_PATH:
        return folder
    # Root's folder for temporary files may be closed to the user that the server runs as.
    parent = Path(tempfile.gettempdir()) if os.geteuid() != 0 else ROOT_HOME
    return parent / f"ringpost-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]}"


def _first_account(*names: str) -> Account:
    for name in names:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, found.pw_uid, found.pw_gid)
    raise UnsupportedSystem(
        f"PostgreSQL does not run as root, and there is no user {' or '.join(names)} to run it as: "
        f"start Ringpost as an ordinary user, or {WAY_OUT}."
    )


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise UnsupportedSystem(
            f"PostgreSQL runs only for a user with an account, and the user {os.geteuid()} has none on this system: "
            f"{WAY_OUT}."
        ) from None
