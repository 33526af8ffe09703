"""Running the service: its parts are started, kept up, and stopped in the order that loses nothing."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any

import structlog

from controller.config.load import Configuration
from controller.errors import RingpostError, SpeechError, StoreError, StoreUnreachable
from controller.resources import MIGRATIONS, QUERIES
from controller.running.prompt_rendering import prepare_prompts
from controller.running.sharing import with_shared_secrets
from controller.service import memory
from controller.service.build import build
from controller.service.listening import answering, listen, waiting_room
from controller.service.parts import Service
from controller.store.database import Database
from controller.store.migrations import Migrations
from controller.store.queries import Queries

log = structlog.get_logger()

CLOSE_SECONDS = 5.0
AGAIN_SECONDS = 2.0
DAY_SECONDS = 86_400.0

Part = Callable[[], Coroutine[Any, Any, None]]


async def serve(configuration: Configuration) -> None:
    """Run the service until SIGTERM or SIGINT; SIGHUP reloads the configuration.

    Raises a RingpostError for what cannot be used or reached at the start, or when another controller takes over.
    """
    _raise_limits()
    for warning in configuration.snapshot.warnings:
        log.warning("the checker warns", mistake=str(warning))
    http = configuration.settings.http
    async with AsyncExitStack() as stack:
        sockets = await listen(http.host, http.port)
        for listening in sockets:
            stack.callback(listening.close)
        # Whoever asks whether the process lives gets an answer also while the database does not.
        async with answering(waiting_room(), sockets):
            database = await _database(configuration.database_url)
            stack.push_async_callback(database.close)
            configuration = await with_shared_secrets(configuration, database)
        await run(build(configuration, database), sockets)


async def run(service: Service, sockets: Sequence[socket.socket]) -> None:
    """Run until told to stop, then store what waits. Live calls wait in Asterisk for the next controller."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, service.reloading.request)
    calls = service.calls
    await calls.owner.register()
    await calls.queue_ids.reserve()
    await service.library.load()
    await calls.recordings.load()
    await service.postback_urls.load()
    await service.entries.load()
    await service.stored_keys.load()
    await service.granted_dids.load()
    memory.settle()
    try:
        async with answering(service.http, sockets), asyncio.TaskGroup() as group:
            # Only this one may end the service: another controller took over, or Asterisk is too old.
            tasks = [group.create_task(service.ari.run(), name="ari")]
            tasks += [group.create_task(_kept_up(name, part), name=name) for name, part in _parts(service).items()]
            dialing = group.create_task(_kept_up("dialer", calls.dialer.run), name="dialer")
            await stop.wait()
            log.info("stopping", calls=len(calls.live))
            # First of all, so that no call begins any more; what it has just claimed is given back.
            dialing.cancel()
            await asyncio.wait([dialing])
            await calls.live.close()
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as group_error:
        raise _first_cause(group_error) from None
    finally:
        await calls.live.close()
        await calls.journal.close(CLOSE_SECONDS)
        await service.prompts.close()
        service.guard.close()


def _parts(service: Service) -> dict[str, Part]:
    """The parts that run beside ARI and the dialer, by the names that logs give them."""

    async def keep_media() -> None:
        await _keep_media(service)

    parts: dict[str, Part] = {
        "ami": service.ami.run,
        "journal": service.calls.journal.run,
        "queue-ids": service.calls.queue_ids.run,
        "heartbeat": service.calls.owner.run,
        "administration": service.calls.administration.run,
        "leases": service.calls.live.renew_leases,
        "SIP messages": service.calls.sip.run,
        "adoption": service.calls.adoption.run,
        "post-backs": service.delivery.run,
        "reloading": service.reloading.run,
        "customers' phones": service.reloading.keep_phones,
        "licence keys": service.stored_keys.run,
        "granted-numbers": service.granted_dids.run,
        "customers' entries": service.entries.run,
        "media": keep_media,
        "sounds": service.library.run,
        "recordings": service.calls.recordings.run,
        "voicemail": service.voicemail.run,
        "message waiting": service.message_waiting.run,
        "retention": service.retention.run,
        "bans": service.bans.run,
        "monthly-usage": service.metering.monthly.run,
        "usage-limits": service.metering.watch.run,
        "usage-of-speech": service.metering.speech.run,
        "post-back URLs": service.postback_urls.run,
        "line types": service.line_types.assignments.run,
    }
    texts = service.texts
    parts |= {
        "texts-listeners": texts.listeners.run,
        "texts-spool": texts.intake.run,
        "texts-phones": texts.phones.run,
        "texts-sender": texts.sender.run,
        "texts-retention": texts.retention.run,
    }
    if service.mailer:
        parts["mail"] = service.mailer.run
    return parts


async def _database(url: str) -> Database:
    """The database, migrated; waits for one that is not there yet."""
    queries = Queries.load(QUERIES)
    migrations = Migrations(MIGRATIONS)
    while True:
        try:
            for name in await migrations.apply(url):
                log.info("migration applied", migration=name)
            return await Database.connect(url, queries)
        except StoreUnreachable as error:
            log.warning("waiting for the database", reason=str(error))
            await asyncio.sleep(1.0)


async def _kept_up(name: str, part: Part) -> None:
    """Run a part, and run it again when it fails: calls go on without it."""
    while True:
        try:
            await part()
        except RingpostError as error:
            log.error("a part of the service stopped, and is started again", part=name, reason=str(error))
        except Exception:
            log.exception("a part of the service failed, and is started again", part=name)
        await asyncio.sleep(AGAIN_SECONDS)


def _raise_limits() -> None:
    """Each call, post-back and program takes descriptors: as many as the system lets us have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError) as error:
            log.warning("the limit of descriptors was not raised", limit=soft, reason=str(error))


def _first_cause(error: BaseException) -> BaseException:
    """The first error in a group, however deep it lies."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _keep_media(service: Service) -> None:
    """At the start and every day: what scripts can say is rendered, what nobody has heard for so long leaves.

    Calls need not wait for it: a prompt that is not there yet is made when it is needed. Stored sounds stay.
    """
    with suppress(SpeechError):  # the reason is told by /health/ready
        # A neural engine loads its voices, so that the first caller does not wait for it.
        await service.prompts.load_voices()
    while True:
        await prepare_prompts(service.prompts, service.directory.snapshot)
        try:
            removed = await service.prompts.prune(service.settings.speech.keep_days, service.library.in_use)
            log.info("unused prompts removed", prompts=removed)
        except (OSError, StoreError) as error:
            log.warning("unused prompts were not removed", reason=str(error))
        await asyncio.sleep(DAY_SECONDS)
