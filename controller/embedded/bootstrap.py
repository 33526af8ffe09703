"""`python3 controller/embedded/bootstrap.py [--dev]`: make .venv from the hash-locked requirements, unless it is made.

Run before anything is installed: only the standard library, and a syntax that a Python too old for the rest still
reads (3.6), so that it can say that it is too old.
"""

import fcntl
import hashlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "ringpost-stamp.json"
LOG = VENV / "bootstrap.log"
LOCKS = {"runtime": PROJECT / "requirements.lock", "dev": PROJECT / "requirements-dev.lock"}
OLDEST = (3, 11)


class BootstrapFailed(Exception):
    """The environment cannot be made; the message says why and what to do."""


def main() -> int:
    """Make what is missing; 0 when everything is there."""
    kind = "dev" if "--dev" in sys.argv[1:] else "runtime"
    try:
        check_python()
        with (PROJECT / ".venv.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            prepare(kind)
    except BootstrapFailed as error:
        print(f"ringpost: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"ringpost: {VENV} cannot be made: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def check_python() -> None:
    """BootstrapFailed when this Python cannot make the environment."""
    if sys.version_info < OLDEST:
        raise BootstrapFailed(
            f"Ringpost needs Python 3.{OLDEST[1]} or newer, and {sys.executable} is {sys.version.split()[0]}. "
            "Name another one: make PYTHON=python3.12 run"
        )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise BootstrapFailed(
            f"this Python ({sys.executable}) cannot make virtual environments: "
            "on Debian and Ubuntu, install the package python3-venv."
        )


def prepare(kind: str) -> None:
    """Make the environment and install what the lock file names, unless a stamp says that it is so already."""
    stamp = read_stamp()
    usable = is_usable()
    if usable and stamp.get(kind) == digest(kind):
        return
    # Run by its path, a program looks for modules in its own folder, where its neighbours would hide others' names.
    sys.path[0] = str(PROJECT)
    from controller.embedded.progress import Progress

    progress = Progress()
    if not usable:
        with progress.step("Making .venv"):
            command([sys.executable, "-m", "venv", "--clear", str(VENV)], "the virtual environment cannot be made")
    total = sum("==" in line and not line[0].isspace() for line in LOCKS[kind].read_text().splitlines(keepends=True))
    with progress.step("Installing the Python packages") as step:
        seen = 0

        def follow(line: str) -> None:
            nonlocal seen
            if line.startswith(("Collecting ", "Requirement already satisfied: ")):
                seen += 1
                step.at(f"{min(seen, total)} of {total}")
            elif line.startswith("Installing collected packages"):
                step.at("all fetched; unpacking")

        pip = [str(PYTHON), "-m", "pip", "install", "--progress-bar=off", "--no-input", "--disable-pip-version-check"]
        failed = "the Python packages cannot be installed"
        command([*pip, "--require-hashes", "--requirement", str(LOCKS[kind])], failed, follow)
        step.at("Ringpost itself")
        command([*pip, "--no-deps", "--no-build-isolation", "--editable", str(PROJECT)], failed)
        step.at(f"{total} packages")
    # The development lock holds every package of the other one, in the same version.
    kinds = LOCKS if kind == "dev" else [kind]
    write_stamp({each: digest(each) for each in kinds})


def ignore(_line: str) -> None:
    """What a program says is for the log only."""


def command(arguments: "list[str]", failure: str, follow: "Callable[[str], None]" = ignore) -> None:
    """Run a program to its end; all it says goes to the log, and what it says of an error into the message."""
    lines: list[str] = []
    process = subprocess.Popen(
        arguments,
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    with process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line)
                follow(line)
        except BaseException:
            process.terminate()
            raise
    if VENV.is_dir():
        with LOG.open("a") as log:
            log.write("$ {}\n{}\n".format(" ".join(arguments), "".join(lines)))
    if process.returncode:
        complaints = [line for line in lines if line.startswith(("ERROR:", "Error:"))] or lines[-3:]
        raise BootstrapFailed(
            f"{failure}: {''.join(complaints[:2]).strip()}\n"
            "The first run fetches them from the package index that pip is set to (`pip config list` shows it): "
            f"is the network there? Everything that was said is in {LOG}."
        )


def digest(kind: str) -> str:
    """What tells one state of the requirements from another."""
    return hashlib.sha256(LOCKS[kind].read_bytes() + (PROJECT / "pyproject.toml").read_bytes()).hexdigest()


def read_stamp() -> "dict[str, str]":
    """What the environment was made from; empty when there is none."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(stamp: "dict[str, str]") -> None:
    """Remember what the environment was made from."""
    fresh = STAMP.with_suffix(".new")
    fresh.write_text(json.dumps(stamp))
    fresh.replace(STAMP)


def is_usable() -> bool:
    """Whether the environment's own Python works, and is of the version that runs this."""
    probe = [str(PYTHON), "-c", "import pip, sys; print(sys.version)"]
    try:
        done = subprocess.run(probe, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == sys.version


if __name__ == "__main__":
    sys.exit(main())
