"""A clone in a home that only its user may enter, as root's home is on most machines."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from controller.embedded.postgres_server import cluster_home
from controller.programs import ProgramTree
from tests.support.folders import open_folder
from tests.support.whole_system import PROJECT, move_to_free_ports

CLONED = (
    "Makefile",
    "pyproject.toml",
    "setup.py",
    "README.md",
    "LICENSE",
    "controller",
    "sql",
    "asterisk-config",
    "config",
)


@dataclass(frozen=True, slots=True)
class PrivateClone:
    """A clone with its own .venv and its own unpacked tools, and the user that it belongs to."""

    home: Path
    python: Path
    uid: int

    @property
    def project(self) -> Path:
        return self.home / "ringpost"

    async def command(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start a program in the clone, as its user, who has no other rights."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RINGPOST_", "MAKE"))}
        user = {} if self.uid == os.geteuid() else {"user": self.uid, "group": self.uid, "extra_groups": []}
        return await asyncio.create_subprocess_exec(
            *arguments,
            cwd=self.project,
            # A Python that was moved finds its library there.
            env={**kept, "HOME": str(self.home), "LD_LIBRARY_PATH": str(self.python.parent.parent / "lib")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            **user,  # type: ignore[arg-type]
        )

    async def output(self, *arguments: str) -> str:
        """All that a program printed; AssertionError when it failed."""
        process = await self.command(*arguments)
        printed = (await process.communicate())[0].decode()
        assert process.returncode == 0, printed
        return printed

    def processes(self) -> dict[int, str]:
        """The living processes that name the clone on their command line, or its database's folder."""
        marks = (os.fsencode(self.home), os.fsencode(cluster_home(self.project / ".ringpost").parent))
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                line = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if any(mark in line for mark in marks):
                found[int(process.name)] = line.replace(b"\0", b" ").decode(errors="replace")
        return found


@asynccontextmanager
async def private_clone(tools: ProgramTree, uid: int) -> AsyncIterator[PrivateClone]:
    """A clone of this project that belongs to the user `uid`, whose home only that user may enter."""
    with open_folder("ringpost.clone-") as folder:
        home = folder / "home"
        home.mkdir(mode=0o700)
        clone = PrivateClone(home, _python(home, uid), uid)
        await asyncio.to_thread(_fill, clone, tools)
        await clone.output(str(clone.python), "-m", "venv", "--without-pip", ".venv")
        (packages,) = (clone.project / ".venv" / "lib").glob("python3.*/site-packages")
        await asyncio.to_thread(_link, Path(sysconfig.get_path("purelib")), packages, uid)
        try:
            yield clone
        finally:
            for number in clone.processes():
                os.kill(number, signal.SIGKILL)
            cluster = cluster_home(clone.project / ".ringpost")
            if not cluster.is_relative_to(home):
                shutil.rmtree(cluster.parent, ignore_errors=True)


def _python(home: Path, uid: int) -> Path:
    """The Python that made this environment, or a copy in the home when it lies where `uid` may not go."""
    python = Path(sys.executable).resolve()
    if uid == os.geteuid() or all(folder.stat().st_mode & 0o001 for folder in python.parents):
        return python
    base = Path(sys.base_prefix)
    for part in (python, Path(sysconfig.get_path("stdlib")), *(base / "lib").glob("libpython*")):
        _link(part, home / "python" / part.relative_to(base), uid, "site-packages", "test", "idlelib")
    return home / "python" / python.relative_to(base)


def _fill(clone: PrivateClone, tools: ProgramTree) -> None:
    for name in (*CLONED, *(path.name for path in PROJECT.glob("requirements*"))):
        source = PROJECT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        clone.project.mkdir(exist_ok=True)
        copy(source, clone.project / name)
    move_to_free_ports(clone.project / "config")
    _link(tools.root, clone.project / ".ringpost" / "tools", clone.uid)
    for path in (clone.home, *clone.home.rglob("*")):
        if path.is_dir() or path.stat(follow_symlinks=False).st_nlink == 1:
            os.chown(path, clone.uid, clone.uid, follow_symlinks=False)


def _link(source: Path, target: Path, uid: int, *without: str) -> None:
    """Copy a tree, but share what its files hold."""
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    else:
        ignored = shutil.ignore_patterns(*without)
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, copy_function=_share, ignore=ignored)
    for path in (target, *target.rglob("*")):
        if path.stat(follow_symlinks=False).st_nlink == 1 or path.is_dir():
            os.chown(path, uid, uid, follow_symlinks=False)


def _share(source: str, target: str) -> None:
    try:
        if Path(source).stat().st_mode & 0o044 == 0o044:
            Path(target).hardlink_to(source)
            return
    except OSError:
        pass  # on another file system
    shutil.copy2(source, target)
