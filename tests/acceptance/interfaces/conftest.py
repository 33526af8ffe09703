"""One bare Asterisk for all tests of its interfaces; a test that stops it starts it again."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.asterisk.ami import AmiClient
from controller.asterisk.ari.client import AriClient
from controller.programs import ProgramTree
from tests.support.bare_asterisk import BareAsterisk
from tests.support.patience import LONGEST_WAIT


@pytest.fixture(scope="session")
async def bare_asterisk(tools: ProgramTree) -> AsyncIterator[BareAsterisk]:
    folder = Path(tempfile.mkdtemp(prefix="ringpost-asterisk-"))
    asterisk = BareAsterisk(tools, folder)
    await asterisk.start()
    try:
        yield asterisk
    finally:
        await asterisk.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def ari(bare_asterisk: BareAsterisk) -> AsyncIterator[AriClient]:
    """A client that stays connected for the whole run; of an application that no call comes to."""
    client = bare_asterisk.ari(application="observer")
    running = asyncio.create_task(client.run())
    await client.wait_connected(LONGEST_WAIT)
    yield client
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def ringpost(bare_asterisk: BareAsterisk) -> AsyncIterator[AriClient]:
    """A client of the application that the dialplan brings calls to."""
    client = bare_asterisk.ari()
    running = asyncio.create_task(client.run())
    await client.wait_connected(LONGEST_WAIT)
    yield client
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def ami(bare_asterisk: BareAsterisk) -> AsyncIterator[AmiClient]:
    client = bare_asterisk.ami()
    running = asyncio.create_task(client.run())
    await client.wait_ready(LONGEST_WAIT)
    yield client
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
