"""Where the programs are that Ringpost starts: in an unpacked tree of their own, beside the system."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from controller.errors import UnsupportedSystem


@dataclass(frozen=True, slots=True)
class ProgramTree:
    """An unpacked tree of Debian packages and how to run what is in it."""

    root: Path

    @property
    def libraries(self) -> Path:
        return self.root / "usr/lib/x86_64-linux-gnu"

    def program(self, name: str) -> Path:
        """The file of a program, e.g. `sipp`; UnsupportedSystem when the tree does not hold it."""
        for folder in ("usr/bin", "usr/sbin"):
            path = self.root / folder / name
            if path.exists():
                return path
        raise UnsupportedSystem(f"{self.root} does not hold the program {name}; remove the folder to unpack it again.")

    def command(self, name: str, *arguments: str) -> list[str]:
        """The argument list that runs the program with the loader and the libraries it was built for."""
        loader = self.root / "usr/lib64/ld-linux-x86-64.so.2"
        # Some libraries lie in a folder that the packages name by its place in an installed system.
        path = f"{self.libraries}:{self.libraries / 'pulseaudio'}"
        return [str(loader), "--library-path", path, str(self.program(name)), *arguments]

    def command_here(self, name: str) -> list[str] | None:
        """The argument list that runs the tree's program, else the system's; None when neither has it."""
        try:
            return self.command(name)
        except UnsupportedSystem:
            found = shutil.which(name)
            return [found] if found else None

    def environment(self) -> dict[str, str]:
        """What the environment must say beside what it says already, so that programs find their data."""
        return {"ESPEAK_DATA_PATH": str(self.libraries)}
