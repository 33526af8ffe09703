"""What the administrator's commands do with a system that runs: reload it, migrate its database, try a number."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from controller.commands.trial import KeyPress, Trial
from controller.commands.trunk_phone import phone_at_trunk
from controller.commands.watching import NOT_RUNNING, addresses_of
from controller.config.load import read_configuration
from controller.errors import ConfigurationError, InvalidConfiguration, Mistake, RingpostError
from controller.numbers import parse_number
from controller.resources import MIGRATIONS
from controller.running.prompt_rendering import build_prompts
from controller.running.provisioning import announcements_dir, make_database_password, write_asterisk_files
from controller.speech.announcements import record_announcements
from controller.store.migrations import Migrations
from controller.terminal import output

CONNECT_SECONDS = 10.0
# A reload renders what scripts can say.
RELOAD_SECONDS = 600.0


async def reload_running(config: Path) -> list[str]:
    """Have the running service reload. Gives what changed, and the checker's warnings.

    InvalidConfiguration with its mistakes: nothing changed.
    """
    configuration = read_configuration(config)
    headers = {"Authorization": f"Bearer {configuration.admin_token}"}
    timeout = aiohttp.ClientTimeout(total=RELOAD_SECONDS, connect=CONNECT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers, trust_env=False) as http,
            http.post(f"{configuration.settings.http_url}/admin/reload") as response,
        ):
            answer = await response.json()
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise RingpostError(NOT_RUNNING) from None
    except TimeoutError:
        raise RingpostError(
            f"The reload takes longer than {RELOAD_SECONDS:g} s and goes on; the service's log tells how it ends."
        ) from None
    except aiohttp.ClientError as error:
        raise RingpostError(f"The service went away during the reload ({error}); its log tells why.") from None
    if answer.get("applied"):
        return [*(answer["changes"] or ["nothing changed"]), *map(str, configuration.snapshot.warnings)]
    if "mistakes" in answer:
        raise InvalidConfiguration([Mistake(**mistake) for mistake in answer["mistakes"]])
    raise RingpostError(str(answer.get("error", "the service did not reload")))


async def prepare_files(config: Path) -> list[str]:
    """Write what an Asterisk and a PostgreSQL that run elsewhere start from: the files of Asterisk, the announcement
    that it plays when no controller is there, the database's password. Gives what was written, for people.

    InvalidConfiguration, ConfigurationError, SpeechError.
    """
    configuration = read_configuration(config)
    settings = configuration.settings
    if not settings.asterisk.files:
        raise ConfigurationError("Where Asterisk's files are to be written is not configured: `asterisk: {files: …}`.")
    written = ["the database's password: made"] if make_database_password(settings) else []
    written += [f"asterisk: {name} written" for name in write_asterisk_files(configuration)]
    prompts = build_prompts(settings)
    try:
        spoken = await record_announcements(prompts, announcements_dir(settings))
    finally:
        await prompts.close()
    return written + [f"asterisk: the announcement {path.stem} recorded" for path in spoken]


async def pending_migrations(config: Path) -> list[str]:
    """The migrations that the database has not had yet. StoreUnreachable, MigrationError."""
    return await _migrations().check(read_configuration(config).database_url)


async def apply_migrations(config: Path) -> list[str]:
    """Apply what is pending. StoreUnreachable, MigrationError."""
    return await _migrations().apply(read_configuration(config).database_url)


def _migrations() -> Migrations:
    return Migrations(MIGRATIONS)


async def try_call(config: Path, number: str, caller: str, presses: list[str], hang_up: float | None) -> bool:
    """Call a number of the running system through the demo's trunk and print what happens. True when answered."""
    configuration = read_configuration(config)
    wanted = [KeyPress.parse(press) for press in presses]
    phone, _ = phone_at_trunk(configuration, "ringpost try")
    async with phone:
        trial = Trial(addresses_of(configuration), phone, output())
        return await trial.run(parse_number(number).lstrip("+"), caller, wanted, hang_up)
