"""Backups: one file with everything that a new machine needs to be this one: database, state, configuration.

    backup.json          what is in it
    database/T.copy      the rows of each table (see `store.copying`)
    state/…              secrets, recordings that wait for the database, certificates
    config/…             the configuration's folder, or its one file

What can be made again (rendered speech, Asterisk's files, logs, programs) is not in it.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from controller.config.load import SECRETS_FILE, Configuration
from controller.config.settings import Settings
from controller.embedded.postgres_server import PostgresServer, cluster_home
from controller.errors import ConfigurationError, RingpostError
from controller.resources import MIGRATIONS, QUERIES
from controller.running.supervisor import only_one
from controller.store.copying import Copied, CopiedSequence, CopiedTable, copy_in, copy_out
from controller.store.queries import Queries

FORMAT = 1
ABOUT = "backup.json"
STATE = (SECRETS_FILE, "recordings", "tls")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a backup holds, for people."""

    made_at: str
    tables: int
    rows: int


async def back_up(configuration: Configuration, target: IO[bytes]) -> Summary:
    """Write a backup, readable by whoever gets it: it holds every secret. The service may run meanwhile.

    StoreError; OSError when it cannot be written.
    """
    settings = configuration.settings
    with _work() as folder:
        async with _database(settings, configuration.database_url) as dsn:
            copied = await copy_out(dsn, Queries.load(QUERIES), folder)
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        about = {"format": FORMAT, "made_at": made_at, "database": asdict(copied)}
        (folder / ABOUT).write_text(json.dumps(about, indent=1))
        with tarfile.open(fileobj=target, mode="w|gz") as archive:
            archive.add(folder / ABOUT, ABOUT)
            for table in copied.tables:
                archive.add(folder / f"{table.name}.copy", f"database/{table.name}.copy")
            for name in STATE:
                if (settings.state_dir / name).exists():
                    archive.add(settings.state_dir / name, f"state/{name}")
            archive.add(
                configuration.path, "config" if configuration.path.is_dir() else f"config/{configuration.path.name}"
            )
    return Summary(made_at, len(copied.tables), sum(table.rows for table in copied.tables))


async def restore(settings: Settings, source: IO[bytes]) -> Summary:
    """Put a backup back: into an empty database, and a state directory without secrets. The service must not run.

    The configuration is as it stands; what the backup has of it can be read with tar.
    ConfigurationError for what is no backup, or when something is there already; MigrationError for one of a later
    release; AlreadyRunning; StoreError.
    """
    if (settings.state_dir / SECRETS_FILE).exists():
        raise ConfigurationError(
            f"{settings.state_dir} is in use already: a backup is restored into a state directory without secrets."
        )
    with only_one(settings.state_dir), _work() as folder:
        about = _unpack(source, folder)
        copied = _copied(about)
        async with _database(settings, settings.database_url, locked=True) as dsn:
            await copy_in(dsn, Queries.load(QUERIES), MIGRATIONS, copied, folder / "database")
        for name in STATE:
            if (folder / "state" / name).exists():
                _put(folder / "state" / name, settings.state_dir / name)
    return Summary(about["made_at"], len(copied.tables), sum(table.rows for table in copied.tables))


def _unpack(source: IO[bytes], folder: Path) -> dict[str, Any]:
    """The archive in a folder, and what it says of itself. ConfigurationError."""
    try:
        with tarfile.open(fileobj=source, mode="r|gz") as archive:
            _extract(archive, folder)
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text())
        if about["format"] != FORMAT:
            raise ConfigurationError(f"This backup has the format {about['format']}, and this release reads {FORMAT}.")
    except (tarfile.TarError, EOFError, OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError("This is not a whole backup of Ringpost.") from error
    return about


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Write the archive's files and folders. TarError for a name that leads out of the folder, and for all that is not
    a file or a folder: what `filter="data"` does (PEP 706), which Debian 12's Python 3.11.2 lacks.
    """
    for member in archive:
        target = folder / member.name
        if not target.resolve().is_relative_to(folder.resolve()):
            raise tarfile.TarError(f"{member.name!r} leads out of the folder")
        if member.isdir():
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif member.isfile() and (content := archive.extractfile(member)) is not None:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with target.open("wb") as file:
                shutil.copyfileobj(content, file)
        else:
            raise tarfile.TarError(f"{member.name!r} is not a file")


def _copied(about: dict[str, Any]) -> Copied:
    try:
        database = about["database"]
        return Copied(
            tuple(map(str, database["migrations"])),
            tuple(CopiedTable(each["name"], tuple(each["columns"]), each["rows"]) for each in database["tables"]),
            tuple(CopiedSequence(**each) for each in database["sequences"]),
        )
    except (KeyError, TypeError) as error:
        raise ConfigurationError("This is not a whole backup of Ringpost.") from error


def _put(source: Path, target: Path) -> None:
    """For their owner alone, as they were."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)
    for path in (target, *target.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)


@contextmanager
def _work() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ringpost-backup-") as folder:
        os.chmod(folder, 0o700)  # noqa: PTH101
        yield Path(folder)


@asynccontextmanager
async def _database(settings: Settings, dsn: str, *, locked: bool = False) -> AsyncIterator[str]:
    """The database's address, the embedded one started for it if it does not run. locked: nobody else can run it."""
    if settings.database_url:
        yield dsn
        return
    server = PostgresServer(cluster_home(settings.state_dir), logs=settings.state_dir / "logs")
    started = locked or not _runs(settings)
    if started:
        await server.start()
    try:
        yield server.dsn
    finally:
        if started:
            await server.stop()


def _runs(settings: Settings) -> bool:
    try:
        with only_one(settings.state_dir):
            return False
    except RingpostError:
        return True
