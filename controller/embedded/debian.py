"""Asterisk and the tools around it, unpacked from Debian's packages beside the system: no root, no installation.

apt-get runs with directories of its own, takes the mirror from the machine's own configuration, checks the archive's
signature with the system's Debian keyring and only downloads; dpkg-deb unpacks. The programs run with the C library
that came with them, so they work on an older Debian too.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from controller.embedded.ownership import end_with_parent
from controller.embedded.progress import Progress, ProgressStep
from controller.errors import DownloadFailed, UnsupportedSystem
from controller.programs import ProgramTree

SUITE = "sid"
"""The only suite of Debian that carries Asterisk 22."""

SPEECH_PACKAGES = ("espeak-ng", "flite")
PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm", "sip-tester", *SPEECH_PACKAGES)

MIRROR_VARIABLE = "RINGPOST_DEBIAN_MIRROR"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
STAMP = "ringpost-tools.json"
DOWNLOAD_SECONDS = 600
OLDEST_LISTS_DAYS = 180
"""Package lists that were signed longer ago are refused: somebody may keep back what has been mended since."""

WAY_OUT = (
    "Ringpost can use an Asterisk of yours instead (the `asterisk:` section of the configuration), "
    "or run in containers (compose.yaml)."
)


def provision(directory: Path, progress: Progress | None = None, packages: Sequence[str] = PACKAGES) -> ProgramTree:
    """Make sure that `directory` holds the unpacked packages and give them back; the first time takes a download.

    An interrupted run leaves nothing that looks complete: the tree is made aside and renamed at the end.
    UnsupportedSystem when this machine cannot run them, DownloadFailed when they cannot be fetched.
    """
    directory = directory.absolute()
    if _holds(directory, packages):
        return ProgramTree(directory)
    _check_system()
    directory.parent.mkdir(parents=True, exist_ok=True)
    with _locked(directory.parent / f"{directory.name}.lock"):
        if not _holds(directory, packages):
            _fetch(directory, packages, progress or Progress())
    return ProgramTree(directory)


def update(directory: Path, progress: Progress | None = None, packages: Sequence[str] = PACKAGES) -> list[str]:
    """Fetch the packages anew; gives the archives that were not there before, by their file names.

    What was there stays until the new tree is whole. Whoever runs on it goes on with what it has read already.
    UnsupportedSystem, DownloadFailed.
    """
    directory = directory.absolute()
    _check_system()
    directory.parent.mkdir(parents=True, exist_ok=True)
    with _locked(directory.parent / f"{directory.name}.lock"):
        before = archives_in(directory)
        _fetch(directory, packages, progress or Progress())
    return [archive for archive in archives_in(directory) if archive not in before]


def archives_in(directory: Path) -> list[str]:
    """The file names of the packages that were unpacked there; none when that is not known."""
    try:
        archives = json.loads((directory / STAMP).read_text())["archives"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [str(each) for each in archives] if isinstance(archives, list) else []


def check_age(lists: Path, now: datetime) -> None:
    """Refuse package lists (apt's folder of them) that Debian signed too long ago, or without a date. DownloadFailed.

    A mirror of a rolling suite may lag behind the date until which its lists are good, but not without end.
    """
    told = [line for file in lists.glob("*Release") for line in file.read_text(errors="replace").splitlines()]
    dates = [line.removeprefix("Date:").strip() for line in told if line.startswith("Date:")]
    try:
        oldest = min(parsedate_to_datetime(date) for date in dates)
    except ValueError:
        raise DownloadFailed(f"Debian's package lists tell no date. {WAY_OUT}") from None
    if (now - oldest).days > OLDEST_LISTS_DAYS:
        raise DownloadFailed(
            f"Debian's package lists are from {oldest:%Y-%m-%d}, more than {OLDEST_LISTS_DAYS} days ago: the mirror is "
            f"not kept up, or somebody keeps back what was mended since. {MIRROR_VARIABLE} can name another mirror."
        )


def age_in_days(directory: Path) -> int | None:
    """How long ago the packages were unpacked, in whole days; None when that is not known."""
    try:
        return int((time.time() - (directory / STAMP).stat().st_mtime) // 86_400)
    except OSError:
        return None


def _holds(directory: Path, packages: Sequence[str]) -> bool:
    try:
        stamp = json.loads((directory / STAMP).read_text())
        return stamp["suite"] == SUITE and set(packages) <= set(stamp["packages"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _check_system() -> None:
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        raise UnsupportedSystem(
            f"The embedded Asterisk needs Linux on x86-64; this is {platform.system()} on {platform.machine()}. "
            f"{WAY_OUT}"
        )
    missing = [name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None]
    if missing:
        raise UnsupportedSystem(
            f"The embedded Asterisk is unpacked from Debian's packages, but {' and '.join(missing)} "
            f"is not on this system. {WAY_OUT}"
        )
    if not KEYRING.exists():
        raise UnsupportedSystem(
            f"Debian's archive keys are not at {KEYRING}, so its packages cannot be verified: "
            f"install the package debian-archive-keyring. Or: {WAY_OUT}"
        )


def debian_mirror() -> str:
    """The Debian mirror that this machine's apt uses, or the one that RINGPOST_DEBIAN_MIRROR names."""
    named = os.environ.get(MIRROR_VARIABLE, "").strip()
    if named:
        return named
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)|$(ORIGIN)|$(COMPONENT)", "Created-By: Packages"],  # noqa: S607 (the system's own apt-get)
        capture_output=True,
        text=True,
        check=False,
    )
    rows = [line.split("|") for line in listing.stdout.splitlines() if line.count("|") == 2]
    debian = [uri for uri, origin, component in rows if component == "main" and origin == "Debian"]
    # A machine that has never run `apt-get update` does not know the origin of its sources yet.
    unknown = [
        uri for uri, origin, component in rows if component == "main" and not origin.isalpha() and "debian" in uri
    ]
    for uri in debian + unknown:
        if "security" not in uri and "backports" not in uri:
            return uri
    raise UnsupportedSystem(
        f"This machine's apt has no Debian mirror to take Asterisk from; name one in {MIRROR_VARIABLE}. Or: {WAY_OUT}"
    )


def _fetch(directory: Path, packages: Sequence[str], progress: Progress) -> None:
    mirror = debian_mirror()
    work = directory.parent / f"{directory.name}.new"
    _remove(work)
    try:
        apt = _Apt(work / "apt", mirror)
        with progress.step("Reading Debian's package lists") as step:
            apt.run("update", step=step)
        check_age(work / "apt/state/lists", datetime.now(UTC))
        with progress.step("Downloading Asterisk and its tools") as step:
            apt.run("--assume-yes", "--download-only", "install", *packages, step=step)
        archives = sorted((work / "apt/cache/archives").glob("*.deb"))
        if not archives:
            raise DownloadFailed(f"{mirror} gave no packages for {', '.join(packages)}. {WAY_OUT}")
        tree = work / "tree"
        tree.mkdir()
        with progress.step("Unpacking them") as step:
            for count, archive in enumerate(archives, 1):
                step.at(f"{count} of {len(archives)} packages")
                _unpack(archive, tree)
        stamp = {"suite": SUITE, "packages": sorted(packages), "archives": [archive.name for archive in archives]}
        (tree / STAMP).write_text(json.dumps(stamp, indent=1))
        _remove(directory)
        tree.rename(directory)
    except OSError as error:
        raise DownloadFailed(f"Unpacking into {directory} failed: {error.strerror or error} ({work}).") from error
    finally:
        _remove(work)


def _unpack(archive: Path, tree: Path) -> None:
    done = subprocess.run(
        ["dpkg-deb", "--extract", str(archive), str(tree)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=end_with_parent(signal.SIGTERM),
    )
    if done.returncode:
        raise DownloadFailed(f"{archive.name} could not be unpacked: {done.stderr.strip()}")


def _remove(directory: Path) -> None:
    if directory.exists():
        shutil.rmtree(directory)


class _Apt:
    """apt-get in directories of its own, on one source line of its own."""

    def __init__(self, directory: Path, mirror: str) -> None:
        self._mirror = mirror
        for name in ("state/lists/partial", "cache/archives/partial", "parts"):
            (directory / name).mkdir(parents=True)
        (directory / "status").touch()
        sources = directory / "sources.list"
        # `check_age` judges how late a mirror may be; the signature is checked here.
        sources.write_text(f"deb [arch=amd64 check-valid-until=no signed-by={KEYRING}] {mirror} {SUITE} main\n")
        options = {
            "Dir::State": directory / "state",
            "Dir::State::lists": directory / "state/lists",
            "Dir::State::status": directory / "status",
            "Dir::Cache": directory / "cache",
            "Dir::Etc::sourcelist": sources,
            "Dir::Etc::sourceparts": directory / "parts",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": directory / "parts",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "APT::Architecture": "amd64",
            "APT::Install-Recommends": "0",
            "APT::Update::Error-Mode": "any",
            "APT::Sandbox::User": "",
            "APT::Status-Fd": "1",
            "Debug::NoLocking": "1",
        }
        self._command = ["apt-get", "--quiet=2", *(f"-o{name}={value}" for name, value in options.items())]

    def run(self, *arguments: str, step: ProgressStep) -> None:
        """Run one apt-get command to its end; DownloadFailed with apt's own words."""
        process = subprocess.Popen(
            [*self._command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            preexec_fn=end_with_parent(signal.SIGTERM),
        )
        complaints: list[str] = []
        with process:
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    if line.startswith(("dlstatus:", "pmstatus:")):
                        step.at(f"{float(line.split(':')[2]):.0f} %")
                    elif line.startswith(("E:", "W:", "Err:")):
                        complaints.append(line.strip())
            except BaseException:
                process.terminate()
                raise
        if process.returncode:
            cause = next((line for line in complaints if line.startswith("E:")), "") or "; ".join(complaints[:2])
            raise DownloadFailed(
                f"Asterisk could not be downloaded from {self._mirror}: {cause or 'apt-get failed'}. "
                f"The first run needs the network; {MIRROR_VARIABLE} can name another mirror. {WAY_OUT}"
            )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
