"""What acceptance tests share: one Asterisk for the whole run."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from controller.programs import ProgramTree
from tests.support.asterisk import RunningAsterisk, running_asterisk


@pytest.fixture(scope="session")
async def shared_asterisk(tools: ProgramTree) -> AsyncIterator[RunningAsterisk]:
    """A real Asterisk with the carrier at 127.0.0.2 and the phone alice; nobody restarts or reconfigures it."""
    async with running_asterisk(tools) as running:
        yield running


@pytest.fixture(scope="module")
async def asterisk(shared_asterisk: RunningAsterisk) -> RunningAsterisk:
    """The shared Asterisk, when the calls of the file before are gone: their last BYE may still be under way."""
    await shared_asterisk.without_calls()
    return shared_asterisk
