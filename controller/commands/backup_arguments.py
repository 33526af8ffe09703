"""`ringpost backup` and `ringpost restore`: everything that makes this machine this one, in one file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from controller.commands.running_command import DEFAULT_CONFIG, Config, reported, run_async
from controller.errors import RingpostError

STANDARD = "-"

File = Annotated[str, typer.Argument(metavar="FILE", help="The backup; - for the standard input or output.")]


@reported
def backup(file: File, config: Config = DEFAULT_CONFIG) -> None:
    """Write the database, the secrets and the configuration into one file. The service may run meanwhile.

    Whoever has the file has every secret: it is readable by you alone; keep it so.
    """
    from controller.config.load import read_configuration
    from controller.running.backups import back_up

    configuration = read_configuration(config)
    with _written(file) as target:
        made = run_async(back_up(configuration, target))
    typer.echo(f"{made.rows} rows of {made.tables} tables are in the backup of {made.made_at}.", err=True)


@reported
def restore(file: File, config: Config = DEFAULT_CONFIG) -> None:
    """Put a backup into an empty database and an empty state directory. The service must not run.

    The configuration stays as it is; `tar -xzf FILE config` gives that of the backup.
    """
    from controller.config.load import read_settings_alone
    from controller.running.backups import restore as put_back

    settings = read_settings_alone(config)
    with _read(file) as source:
        found = run_async(put_back(settings, source))
    typer.echo(f"{found.rows} rows of {found.tables} tables are back, as of {found.made_at}.", err=True)


@contextmanager
def _written(file: str) -> Iterator[IO[bytes]]:
    """A file that is there whole or not at all, for its owner alone."""
    if file == STANDARD:
        if sys.stdout.isatty():
            raise RingpostError("A backup is not for a terminal: name a file, or direct the output into one.")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = Path(f"{file}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _read(file: str) -> Iterator[IO[bytes]]:
    if file == STANDARD:
        yield sys.stdin.buffer
        return
    with Path(file).open("rb") as stream:
        yield stream


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(backup)
    app.command()(restore)
