"""A real Asterisk for tests: Ringpost's own configuration, free ports of 127.0.0.1, a folder of its own."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from controller.asterisk.configuration import AsteriskConfiguration, SipPhone, SipTrunk, render
from controller.config.load import text_secret
from controller.embedded.asterisk_server import AsteriskServer, AsteriskTree
from controller.errors import PortInUse
from controller.programs import ProgramTree
from controller.resources import ASTERISK_TEMPLATES
from tests.support.ports import free_port, free_range
from tests.support.tones import write_tone

PROJECT = Path(__file__).parent.parent.parent
TRUNK_ADDRESS = "127.0.0.2"
PHONE_PASSWORD = "pa;ss;--w#1>"
VOICE_NUMBER = "+12015550101"
ANNOUNCEMENT = 100
"""The tone code of what a caller hears when no controller takes the call."""
AMI_PASSWORD = "ami-test-password"


@dataclass(slots=True)
class RunningAsterisk:
    """A started Asterisk with what a test needs to reach it."""

    server: AsteriskServer
    configuration: AsteriskConfiguration

    @property
    def sip_port(self) -> int:
        return self.configuration.sip_port

    @property
    def ari_url(self) -> str:
        return f"http://127.0.0.1:{self.configuration.http_port}"

    @property
    def log(self) -> str:
        """All that it has complained about."""
        return self.server.log.read_text() if self.server.log.exists() else ""

    async def channels(self) -> list[str]:
        """The ids of its channels."""
        async with self.ari() as http, http.get(f"{self.ari_url}/ari/channels") as answer:
            return [channel["id"] for channel in await answer.json()]

    async def without_calls(self, timeout: float = 40.0) -> None:
        """Return when no channel is left; after `timeout` seconds those that are left are hung up."""
        try:
            async with asyncio.timeout(timeout):
                while await self.channels():
                    await asyncio.sleep(0.1)
        except TimeoutError:
            async with self.ari() as http:
                for channel in await self.channels():
                    async with http.delete(f"{self.ari_url}/ari/channels/{channel}"):
                        pass

    def ari(self) -> aiohttp.ClientSession:
        """A session that is logged in to its ARI."""
        login = aiohttp.encode_basic_auth(self.configuration.ari_username, self.configuration.ari_password)
        return aiohttp.ClientSession(headers={"Authorization": login})

    def reconfigure(self, **changes: Any) -> None:
        """Write other configuration files; they count when it is started or reloaded."""
        self.configuration = replace(self.configuration, **changes)
        render(self.configuration, ASTERISK_TEMPLATES, self.configuration.etc_dir)


@asynccontextmanager
async def running_asterisk(
    tools: ProgramTree, *, rtp_count: int = 200, dialplan: str = "", **changes: Any
) -> AsyncIterator[RunningAsterisk]:
    """An Asterisk with a carrier at 127.0.0.2 and the phone alice; `changes` are fields of AsteriskConfiguration.

    `dialplan` is added to its own.
    """
    folder = Path(tempfile.mkdtemp(prefix="ringpost.asterisk-"))
    try:
        tree = AsteriskTree(folder / "asterisk", tools, folder / "logs")
        tree.make()
        write_tone(tree.sounds_dir / "ringpost" / "unavailable.wav", ANNOUNCEMENT, 0.6)
        running = await _started(tree, rtp_count, dialplan, changes)
        try:
            yield running
        finally:
            await running.server.stop()
    finally:
        shutil.rmtree(folder)


async def _started(tree: AsteriskTree, rtp_count: int, dialplan: str, changes: dict[str, Any]) -> RunningAsterisk:
    """An Asterisk on ports that were free; on others when somebody was quicker to take one."""
    for _ in range(5):
        first = free_range(rtp_count, "udp")
        configuration = AsteriskConfiguration(
            **tree.directories(),
            ari_username="ringpost",
            ari_password="ari-test-password",
            ami_username="ringpost",
            ami_password=AMI_PASSWORD,
            sip_host="127.0.0.1",
            sip_port=free_port("udp", "tcp"),
            rtp_first=first,
            rtp_last=first + rtp_count - 1,
            http_port=free_port("tcp"),
            ami_port=free_port("tcp"),
            agi_port=free_port("tcp"),
            hep_port=free_port("udp"),
            text_secret=text_secret(AMI_PASSWORD),
            phones=(SipPhone("alice", PHONE_PASSWORD, "+12015550110"),),
            trunks=(SipTrunk("carrier", TRUNK_ADDRESS, port=free_port("udp", "tcp", host=TRUNK_ADDRESS)),),
            numbers=frozenset({VOICE_NUMBER}),
            text_numbers=frozenset({VOICE_NUMBER}),
            wait_for_controller_seconds=0,
        )
        server = AsteriskServer(
            tree,
            http_port=changes.get("http_port", configuration.http_port),
            username=configuration.ari_username,
            password=configuration.ari_password,
        )
        running = RunningAsterisk(server, configuration)
        running.reconfigure(**changes)
        with (configuration.etc_dir / "extensions.conf").open("a") as file:
            file.write(dialplan)
        try:
            await server.start()
        except PortInUse:
            if {"sip_port", "http_port", "ami_port"} & set(changes):
                raise
        else:
            return running
    raise PortInUse
