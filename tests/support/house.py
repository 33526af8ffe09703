"""The whole house for tests: the service as a process of its own, on a real Asterisk and PostgreSQL, and a customer."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import asyncpg
from aiohttp import web

from controller.asterisk.leg_log import leg_log_in
from controller.config.load import SECRETS_FILE
from controller.directory.secrets import Secrets
from tests.support import forked_cli
from tests.support.asterisk import PROJECT, RunningAsterisk
from tests.support.forked_cli import ForkedProcess
from tests.support.patience import LONGEST_WAIT
from tests.support.ports import free_port

READY_SECONDS = 90.0
IN_THIS_CLONE = (sys.executable, "-m", "controller.cli")
KEY = "7f6c1a52-0000-4000-8000-000000000001"


@dataclass(frozen=True, slots=True)
class Posted:
    """A post-back as it arrived."""

    path: str
    form: dict[str, str]
    headers: Mapping[str, str]

    @property
    def final(self) -> bool:
        return self.headers.get("Ringpost-Final", "").lower() == "true"

    @property
    def code(self) -> int:
        return int(self.form["ResponseCode"])


@dataclass
class Customer:
    """A customer's HTTP server: takes post-backs, answered with `status`, and answers what a script fetches."""

    url: str = ""
    status: int = 200
    posted: list[Posted] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            self.asked.append(request.path)
            if request.path in self.unanswered:
                await asyncio.Event().wait()
            if request.path in self.redirects:
                raise web.HTTPFound(self.redirects[request.path])
            return web.Response(text=self.pages.get(request.path, ""))
        form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        async with self._changed:
            self.posted.append(Posted(request.path, form, dict(request.headers)))
            self._changed.notify_all()
        return web.Response(status=self.status)

    async def wait(self, enough: Callable[[list[Posted]], bool], timeout: float = LONGEST_WAIT) -> list[Posted]:
        """Wait until what has arrived is enough; what has arrived."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: enough(self.posted))
        return list(self.posted)

    def posted_for(self, caller: str) -> list[Posted]:
        """What has arrived about the calls of one caller, in order."""
        return [each for each in self.posted if each.form.get("callerid") == caller]

    async def finals(self, number: int = 1, timeout: float = LONGEST_WAIT) -> list[Posted]:
        """Wait for so many final post-backs; everything that has arrived."""
        return await self.wait(lambda posted: sum(each.final for each in posted) >= number, timeout)


@asynccontextmanager
async def customer() -> AsyncIterator[Customer]:
    """A customer's server on a free loopback port."""
    known = Customer()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", known.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    known.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield known
    finally:
        await runner.cleanup()


class House:
    """The service's process, and how it is reached. `program`: what to start instead of the one of this clone."""

    def __init__(
        self, folder: Path, asterisk: RunningAsterisk, dsn: str, tools: Path, yaml: str, log_level: str = "debug"
    ) -> None:
        self.program: tuple[str, ...] | None = None
        self.working_directory = PROJECT
        self.folder = folder
        self.asterisk = asterisk
        self.dsn = dsn
        self.log_level = log_level
        self.http_port = free_port("tcp")
        self.config = folder / "ringpost.yaml"
        self.process: asyncio.subprocess.Process | ForkedProcess | None = None
        self._environment = {
            **os.environ,
            "DATABASE_URL": dsn,
            "RINGPOST_STATE": str(folder / "state"),
            "RINGPOST_TOOLS": str(tools),
        }
        self.write(yaml)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def log(self) -> str:
        return (self.folder / "service.log").read_text()

    def write(self, yaml: str) -> None:
        """Write the admin YAML; the parts that this test run owns are added."""
        known = self.asterisk.configuration
        self.config.write_text(
            f"""{yaml}
http: {{host: 127.0.0.1, port: {self.http_port}}}
log: {{level: {self.log_level}, format: json}}
postbacks: {{allow: ["127.0.0.0/8"]}}
asterisk:
  ari_url: {self.asterisk.ari_url}
  username: {known.ari_username}
  password: {known.ari_password}
  ami_port: {known.ami_port}
  agi_port: {known.agi_port}
  hep_port: {known.hep_port}
  ami_username: {known.ami_username}
  ami_password: {known.ami_password}
  leg_log: {leg_log_in(self.asterisk.server.tree.log_dir)}
"""
        )

    async def start(self) -> None:
        """Start the service and wait until it is ready."""
        with (self.folder / "service.log").open("ab") as log:
            arguments = ("serve", "--config", str(self.config))
            if self.program is None:
                self.process = await forked_cli.start(*arguments, output=log, environment=self._environment)
            else:
                self.process = await asyncio.create_subprocess_exec(
                    *self.program,
                    *arguments,
                    stdout=log,
                    stderr=log,
                    cwd=self.working_directory,
                    env=self._environment,
                )
        await self.ready()

    async def ready(self) -> None:
        """Wait until every part of the service works."""
        assert self.process is not None
        ended = asyncio.create_task(self.process.wait())
        async with aiohttp.ClientSession() as http:
            try:
                async with asyncio.timeout(READY_SECONDS):
                    while not await self._is_ready(http):
                        if ended.done():
                            raise RuntimeError(f"the service ended:\n{self.log}")
                        await asyncio.wait([ended], timeout=0.05)
            except TimeoutError:
                raise RuntimeError(f"the service is not ready:\n{self.log}") from None
            finally:
                ended.cancel()

    async def _is_ready(self, http: aiohttp.ClientSession) -> bool:
        try:
            async with http.get(f"{self.url}/health/ready") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def get(self, path: str) -> tuple[int, Any]:
        """GET of one of the service's own addresses: status, and the JSON or text of the answer."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.url}{path}") as response:
            is_json = response.content_type == "application/json"
            return response.status, await (response.json() if is_json else response.text())

    async def admin(self, path: str, body: Any = None) -> tuple[int, Any]:
        """POST to the administrator's door: status, and the JSON of the answer."""
        token = Secrets(self.folder / "state" / SECRETS_FILE).get("admin_token")
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(headers=headers) as http, http.post(f"{self.url}{path}", json=body) as answer:
            return answer.status, await answer.json()

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run the command line against this house: exit status, and what it printed."""
        if self.program is None:
            return await forked_cli.run(*arguments, environment=self._environment, timeout=LONGEST_WAIT)
        process = await asyncio.create_subprocess_exec(
            *self.program,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self.working_directory,
            env=self._environment,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, output.decode()

    async def delivered(self) -> None:
        """Wait until no post-back is left in the outbox: each delivery is recorded."""
        connection = await asyncpg.connect(self.dsn)
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                while await connection.fetchval("SELECT count(*) FROM postback_outbox"):
                    await asyncio.sleep(0.02)
        finally:
            await connection.close()

    async def kill(self) -> None:
        """End the service with no chance to do anything (SIGKILL)."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """End the service as an administrator would (SIGTERM); its exit status."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self.process.wait(), LONGEST_WAIT)
        except TimeoutError:
            await self.kill()
            raise


@asynccontextmanager
async def running_house(
    folder: Path, asterisk: RunningAsterisk, dsn: str, tools: Path, yaml: str, log_level: str = "debug"
) -> AsyncIterator[House]:
    """A house with this admin YAML, ready to take calls, until the block ends."""
    house = House(folder, asterisk, dsn, tools, yaml, log_level)
    await house.start()
    try:
        yield house
    finally:
        if house.process is not None and house.process.returncode is None:
            await house.stop()
