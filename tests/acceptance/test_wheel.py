"""The wheel, installed in an environment of its own, far from this project's folders."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import aiohttp
import pytest

from controller.programs import ProgramTree
from tests.support.asterisk import PROJECT, RunningAsterisk
from tests.support.house import KEY, House

SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "controller", "sql", "asterisk-config", "config")
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet")

YAML = f"""
license_keys:
  acme: {{key: {KEY}}}
dids:
  "+12015550101": {{voice: acme, script: hello.txt, status_post_url: "http://127.0.0.1:8999/status"}}
"""


def run(*command: str | Path) -> None:
    """Run a program; AssertionError with what it printed when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def ringpost(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `ringpost` of the installed wheel; the packages that it needs come from this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    sources = folder / "sources"
    for name in SOURCES:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, sources / name)
        else:
            sources.mkdir(exist_ok=True)
            shutil.copy2(PROJECT / name, sources / name)
    run(sys.executable, *PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, sources)
    shutil.rmtree(sources)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    run(sys.executable, *PIP, "--python", python, "install", "--no-deps", "--no-index", wheel)
    (packages,) = environment.glob("lib/python3*/site-packages")
    # A folder named in a .pth file is searched, but its own .pth files are not read: this project stays unknown.
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib"))
    return environment / "bin" / "ringpost"


async def test_it_checks_serves_and_writes_asterisks_files(
    tmp_path: Path, ringpost: Path, asterisk: RunningAsterisk, empty_postgres: str, tools: ProgramTree
) -> None:
    house = House(tmp_path, asterisk, empty_postgres, tools.root, YAML)
    house.program, house.working_directory = (str(ringpost),), tmp_path

    (tmp_path / "hello.txt").write_text("Hello.")

    checked = await house.command("check", str(house.config))
    await house.start()
    async with aiohttp.ClientSession() as http, http.get(f"{house.url}/console/log-in") as page:
        console = await page.text()
    stopped = await house.stop()
    elsewhere = tmp_path / "elsewhere"
    house.config.write_text(YAML + f"asterisk: {{files: {elsewhere}, ari_url: 'http://asterisk:8088'}}")
    written = await house.command("prepare", "--config", str(house.config))

    assert checked[0] == 0, checked[1]
    assert "Log in to Ringpost" in console
    assert stopped == 0
    assert written[0] == 0, written[1]
    assert (elsewhere / "etc" / "extensions.conf").exists()
