"""What adversity tests share: parts of their own, to kill and to stop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from tests.support.asterisk import TRUNK_ADDRESS, RunningAsterisk, running_asterisk


@pytest.fixture
async def asterisk(tools: ProgramTree) -> AsyncIterator[RunningAsterisk]:
    """A real Asterisk of the test's own, whose lease on a call is so short that a test can wait for its end."""
    async with running_asterisk(tools, lease_seconds=5) as running:
        yield running


@pytest.fixture
def softphone(tools: ProgramTree) -> Callable[[RunningAsterisk], AbstractAsyncContextManager[Softphone]]:
    """A telephone on the demo's trunk of an Asterisk."""

    def on(asterisk: RunningAsterisk) -> Softphone:
        return Softphone(tools.command("sipp"), server=("127.0.0.1", asterisk.sip_port), local_host=TRUNK_ADDRESS)

    return on
