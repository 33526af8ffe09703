"""What the administrator's commands do with a system that runs: reload it, migrate its database, try a number."""

from __future__ import annotations

from pathlib import Path

import aiohttp
from rich.console import Console

from controller.configuration import read_configuration
from controller.embedded.debian import Tools
from controller.errors import ConfigurationError, InvalidConfiguration, Mistake, RingpostError
from controller.numbers import parse_number
from controller.settings import PROJECT
from controller.softphone.phone import Softphone
from controller.store.migrations import Migrations
from controller.trial import NOT_RUNNING, Addresses, Press, Trial

REQUEST_SECONDS = 60.0


async def reload_running(config: Path) -> list[str]:
    """Have the running service reload. Gives what changed. InvalidConfiguration with its mistakes: nothing changed."""
    configuration = read_configuration(config)
    headers = {"Authorization": f"Bearer {configuration.admin_token}"}
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers, trust_env=False) as http,
            http.post(f"{configuration.settings.http_url}/admin/reload") as response,
        ):
            answer = await response.json()
    except (aiohttp.ClientError, TimeoutError):
        raise RingpostError(NOT_RUNNING) from None
    if answer.get("applied"):
        return answer["changes"] or ["nothing changed"]
    if "mistakes" in answer:
        raise InvalidConfiguration([Mistake(**mistake) for mistake in answer["mistakes"]])
    raise RingpostError(str(answer.get("error", "the service did not reload")))


async def pending_migrations(config: Path) -> list[str]:
    """The migrations that the database has not had yet. StoreUnreachable, MigrationError."""
    return await _migrations().check(read_configuration(config).database_url)


async def apply_migrations(config: Path) -> list[str]:
    """Apply what is pending. StoreUnreachable, MigrationError."""
    return await _migrations().apply(read_configuration(config).database_url)


def _migrations() -> Migrations:
    return Migrations(PROJECT / "sql" / "migrations")


async def try_call(config: Path, number: str, caller: str, presses: list[str], hang_up: float | None) -> bool:
    """Call a number of the running system through the demo's trunk and print what happens. True when answered."""
    configuration = read_configuration(config)
    settings = configuration.settings
    trunk = next((trunk for trunk in configuration.snapshot.trunks.values() if trunk.host.startswith("127.")), None)
    if trunk is None:
        raise ConfigurationError("`ringpost try` calls through a trunk at a loopback address, and none is configured.")
    tools = Tools(settings.tools_dir)
    addresses = Addresses(
        http=settings.http_url,
        token=configuration.admin_token,
        receiver=f"http://127.0.0.1:{settings.receiver.port}",
    )
    server = ("127.0.0.1" if settings.sip.host == "0.0.0.0" else settings.sip.host, settings.sip.port)  # noqa: S104
    wanted = [Press.parse(press) for press in presses]
    async with Softphone(tools.command("sipp"), server=server, local_host=trunk.host) as phone:
        trial = Trial(addresses, phone, Console(highlight=False))
        return await trial.run(parse_number(number).lstrip("+"), caller, wanted, hang_up)
