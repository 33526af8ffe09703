"""`python -m controller.embedded.browser_library [--optional]`: make the console's SIP library of packages from npm.

The packages are those of controller/api/console/library/package-lock.json; the result is one file among the console's
own. --optional: where npm is missing or reaches no registry, say so and go on, for the console's page says so too.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from controller.embedded.progress import Progress
from controller.errors import ConfigurationError

CONSOLE = Path(__file__).parent.parent / "api" / "console"
SOURCE = CONSOLE / "library"
LIBRARY = CONSOLE / "static" / "jssip.js"
_PARTS = ("package.json", "package-lock.json", ".npmrc", "build.js")
_LONGEST_SECONDS = 300


class LibraryFailed(ConfigurationError):
    """The console's library cannot be made."""

    error_id = "browser-library-failed"


def provide(library: Path = LIBRARY, npm: str = "npm") -> None:
    """Make the library, unless it is made of what the lock file says. LibraryFailed."""
    try:
        _provide(library, npm)
    except OSError as error:
        raise LibraryFailed(f"the console's telephone cannot be made: {error.filename}: {error.strerror}.") from error


def _provide(library: Path, npm: str) -> None:
    """LibraryFailed, OSError."""
    mark = f"// made of {_digest()}\n"
    with (SOURCE / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if library.is_file() and library.read_text().endswith(mark):
            return
        program = shutil.which(npm)
        if program is None:
            raise LibraryFailed("npm is missing: install Node.js 18 or newer with npm (on Debian: nodejs, npm).")
        with (
            Progress().step("Making the console's telephone"),
            tempfile.TemporaryDirectory(prefix="ringpost-npm-") as folder,
        ):
            for name in _PARTS:
                shutil.copy(SOURCE / name, folder)
            made = Path(folder) / library.name
            _run([program, "ci"], folder)
            _run([program, "run", "build", "--", str(made)], folder)
            with made.open("a") as file:
                file.write(mark)
            # In one step, and also from another file system.
            fresh = library.with_name(library.name + ".new")
            shutil.copyfile(made, fresh)
            fresh.replace(library)


def _digest() -> str:
    return hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in _PARTS)).hexdigest()


def _run(command: list[str], folder: str) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LONGEST_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LibraryFailed(f"{' '.join(command[:3])} did not succeed: {error}") from None
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise LibraryFailed(f"{' '.join(command[:3])} did not succeed: {' '.join(said[-4:])[:600]}")


def main() -> int:
    """Make the library; 0 when it is there, or need not be."""
    try:
        provide()
    except LibraryFailed as error:
        optional = "--optional" in sys.argv[1:]
        rest = " The console has no telephone until then; everything else works." if optional else ""
        print(f"ringpost: {error}{rest}", file=sys.stderr)
        return 0 if optional else 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
