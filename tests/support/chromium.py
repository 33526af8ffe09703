"""Debian's headless Chromium, unpacked beside the system, driven by Playwright."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from controller.embedded.debian import provision
from controller.programs import ProgramTree

PACKAGES = ("chromium-headless-shell",)
START_MILLISECONDS = 90_000
# As root there is no sandbox; /dev/shm is small in containers; and no machine of ours has a graphics card, or a
# microphone: one that beeps stands in, and nobody is asked whether a page may use it.
FLAGS = (
    *("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--allow-loopback-in-peer-connection"),
)


def browser_tools(project: Path) -> ProgramTree:
    """The unpacked browser: beside the folder that RINGPOST_TEST_TOOLS names, or the project's own."""
    named = os.environ.get("RINGPOST_TEST_TOOLS")
    folder = Path(named).absolute().parent if named else project / ".ringpost"
    return provision(folder / "browser-tools", packages=PACKAGES)


@asynccontextmanager
async def chromium(tree: ProgramTree) -> AsyncIterator[Browser]:
    """A running browser; gone at the end.

    Chromium looks for its data beside the program that was started, and starts itself again for each page. Both would
    find the loader of the tree instead: so a copy of the loader stands beside the data, and a script starts it.
    """
    home = tree.root / "usr/lib/chromium"
    loader = await asyncio.to_thread(_loader_in, home, tree.root / "usr/lib64/ld-linux-x86-64.so.2")
    folder = Path(tempfile.mkdtemp(prefix="ringpost-chromium-"))
    script = folder / "chromium"
    libraries = f"{tree.libraries}:{tree.libraries / 'pulseaudio'}"
    program = [str(loader), "--library-path", libraries, str(home / "chromium-headless-shell")]
    options = [f"--browser-subprocess-path={script}", "--no-zygote"]
    script.write_text(f'#!/bin/sh\nexec {shlex.join([*program, *options])} "$@"\n')
    script.chmod(0o755)
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=script,
                args=FLAGS,
                timeout=START_MILLISECONDS,
                env={**os.environ, "FONTCONFIG_SYSROOT": str(tree.root)},
            )
            try:
                yield browser
            finally:
                await browser.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _loader_in(home: Path, original: Path) -> Path:
    """A copy of the loader in this folder, made at the first time; several tests may do so at once."""
    loader = home / "loader"
    if not loader.exists():
        with tempfile.NamedTemporaryFile(dir=home, delete=False) as copy:
            copy.write(original.read_bytes())
        Path(copy.name).chmod(0o755)
        Path(copy.name).replace(loader)
    return loader
