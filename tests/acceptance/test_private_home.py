"""A clone in a home that only its user may enter (mode 0700): as root's, and as an ordinary user's."""

from __future__ import annotations

import asyncio
import os
import pwd
import signal

import pytest

from controller.programs import ProgramTree
from tests.support.patience import LONGEST_WAIT
from tests.support.private_clone import private_clone
from tests.support.whole_system import said

OWNERS = [0, pwd.getpwnam("nobody").pw_uid] if os.geteuid() == 0 else [os.geteuid()]


@pytest.mark.parametrize("uid", OWNERS, ids=["root" if uid == 0 else "an ordinary user" for uid in OWNERS])
async def test_make_run_takes_a_call_and_stops_without_a_trace(tools: ProgramTree, uid: int) -> None:
    async with private_clone(tools, uid) as clone:
        run = await clone.command("make", "run", "VOICES=no", f"PYTHON={clone.python}")
        assert run.stdout is not None
        await said(run.stdout, "Stop", 120)

        told = await clone.output(".venv/bin/ringpost", "try", "12015550104")
        os.killpg(run.pid, signal.SIGINT)  # as a terminal's Ctrl-C does
        async with asyncio.timeout(LONGEST_WAIT):
            last = (await run.communicate())[0].decode()

        assert "ResponseCode=30" in told
        assert "Traceback" not in last
        assert clone.processes() == {}
