"""The service: builds every part and runs them together. The only file that knows all of them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from controller.api.admin import AdminDoor
from controller.api.calls import CallsDoor
from controller.api.health import HealthDoor
from controller.asterisk.ami import AmiClient
from controller.asterisk.ari.client import SILENCED_EVENTS, AriClient
from controller.calls.adoption import Adoption
from controller.calls.feed import CallFeed
from controller.calls.incoming import IncomingCalls
from controller.calls.journal import Journal
from controller.calls.live import CallMetrics, LiveCalls
from controller.calls.mailing import Mailer, MailServer
from controller.calls.outgoing.dialer import Dialer
from controller.calls.outgoing.notifications import Notifications
from controller.calls.outgoing.tries import OutgoingCalls
from controller.calls.performing import Performers
from controller.calls.prompting import CallPrompts, PromptSources
from controller.calls.queue_ids import QueueIds
from controller.calls.record import Recording
from controller.calls.retention import CallRetention
from controller.calls.routes import Routes
from controller.calls.session import SessionParts
from controller.configuration import Configuration, script_context
from controller.directory.holder import Directory
from controller.errors import PortInUse, RingpostError, StoreUnreachable
from controller.postbacks.delivery import Delivery, DeliveryOptions
from controller.postbacks.guard import Guard
from controller.postbacks.poster import PostingOptions
from controller.postbacks.schedule import Schedule
from controller.resources import MIGRATIONS, QUERIES
from controller.running.reloading import Reloading
from controller.running.rendering import build_prompts, prepare_prompts
from controller.script.checker import Context
from controller.settings import PostbacksSection
from controller.speech.library import SoundLibrary
from controller.speech.media import MediaDoor
from controller.store.database import Database
from controller.store.migrations import Migrations
from controller.store.queries import Queries

log = structlog.get_logger()

CLOSE_SECONDS = 5.0
AGAIN_SECONDS = 2.0
KEEP_PROMPTS_DAYS = 30.0
DAY_SECONDS = 86_400.0
# Events that no part of a call waits for; each that is not sent saves a wake-up on every call.
UNUSED_EVENTS = ("PlaybackStarted", "ChannelStateChange", "RecordingStarted", "ChannelHold")


async def serve(configuration: Configuration) -> None:
    """Run the service until SIGTERM or SIGINT; SIGHUP reloads the configuration.

    Raises a RingpostError for what cannot be used or reached at the start, or when another controller takes over.
    """
    for warning in configuration.snapshot.warnings:
        log.warning("the checker warns", mistake=str(warning))
    database = await _database(configuration.database_url)
    try:
        await Service(configuration, database).run()
    finally:
        await database.close()


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


def _delivery_options(section: PostbacksSection) -> DeliveryOptions:
    return DeliveryOptions(
        schedule=Schedule() if section.schedule is None else Schedule(delays=section.schedule),
        posting=PostingOptions(section.connect_seconds, section.total_seconds),
        overtake_seconds=section.overtake_seconds,
        keep_days=section.keep_days,
    )


async def _kept_up(name: str, part: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a part, and run it again when it fails: calls go on without it."""
    while True:
        try:
            await part()
        except RingpostError as error:
            log.error("a part of the service stopped, and is started again", part=name, reason=str(error))
        except Exception:
            log.exception("a part of the service failed, and is started again", part=name)
        await asyncio.sleep(AGAIN_SECONDS)


def _first_cause(error: BaseException) -> BaseException:
    """The first error in a group, however deep it lies."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class Service:
    """Every part, built from a configuration."""

    def __init__(self, configuration: Configuration, database: Database) -> None:
        settings = configuration.settings
        self._settings = settings
        self._database = database
        self._registry = CollectorRegistry()
        self._directory = Directory(configuration.snapshot)
        self._prompts = build_prompts(settings)
        self._library = SoundLibrary(database, self._prompts)
        self._ari = AriClient(
            url=settings.ari_url,
            username=settings.asterisk.username,
            password=configuration.ari_password,
            application=settings.service.application,
            silenced_events=(*SILENCED_EVENTS, *UNUSED_EVENTS),
        )
        self._ami = AmiClient(
            host=settings.asterisk.ami_host,
            port=settings.asterisk.ami_port,
            username=settings.asterisk.ami_username,
            secret=configuration.ami_password,
        )
        self._journal = Journal(database)
        self._queue_ids = QueueIds(database)
        self._feed = CallFeed()
        self._guard = Guard(allow=settings.postbacks.allow)
        self._delivery = Delivery(
            database,
            self._guard,
            _delivery_options(settings.postbacks),
            secrets=self._webhook_secrets,
            registry=self._registry,
        )
        self._mailer = self._build_mailer()
        self._live = LiveCalls(self._ari, self._ami, CallMetrics(self._registry))
        # Calls that were adopted before the manager interface was there have not had their lease renewed.
        self._ami.on_ready(self._live.renew_all)
        self._build_calls(script_context(settings))
        self._reloading = Reloading(configuration, self._directory, self._prompts, self._ami)
        self._admin_token = configuration.admin_token

    def _build_mailer(self) -> Mailer | None:
        mail = self._settings.mail
        if not mail.host:
            return None
        server = MailServer(mail.host, mail.port, mail.sender, mail.username, mail.password, mail.tls)
        return Mailer(server, self._database, self._journal, registry=self._registry)

    def _build_calls(self, context: Context) -> None:
        settings = self._settings
        date_format = settings.postbacks.date_format
        recording = Recording(self._journal, self._feed, lambda: datetime.now(UTC), date_format, self._mailer)
        application, routes = settings.service.application, Routes(self._directory)
        performers = Performers(routes, self._guard, self._database, application)
        parts = SessionParts(self._ari, performers, recording)
        sources = PromptSources(self._prompts, self._directory, self._library, settings.media_url)

        def prompts_of(license_key: str) -> CallPrompts:
            return CallPrompts(sources, license_key)

        IncomingCalls(parts, self._live, self._directory, self._queue_ids, prompts_of)
        outgoing = OutgoingCalls(parts, self._live, self._directory, routes, application, prompts_of)
        self._adoption = Adoption(parts, self._live, self._database, application, prompts_of, outgoing)
        self._dialer = Dialer(
            self._database, self._directory, self._live, outgoing, self._journal, lambda: self._ari.connected
        )
        self._notifications = Notifications(
            self._database,
            recording,
            self._queue_ids,
            routes,
            prompts_of,
            context,
            self._live.metrics,
            self._dialer.wake,
        )

    async def run(self) -> None:
        """Run until told to stop, then store what waits. Live calls wait in Asterisk for the next controller."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reloading.request)
        await self._queue_ids.reserve()
        await self._library.load()
        parts: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "ami": self._ami.run,
            "journal": self._journal.run,
            "queue-ids": self._queue_ids.run,
            "leases": self._live.renew_leases,
            "adoption": self._adoption.run,
            "post-backs": self._delivery.run,
            "reloading": self._reloading.run,
            "media": self._keep_media,
            "retention": CallRetention(
                self._database, self._settings.database.keep_calls_days, lambda: datetime.now(UTC)
            ).run,
        }
        if self._mailer:
            parts["mail"] = self._mailer.run
        try:
            async with self._http(), asyncio.TaskGroup() as group:
                # Only this one may end the service: another controller took over, or Asterisk is too old.
                tasks = [group.create_task(self._ari.run(), name="ari")]
                tasks += [group.create_task(_kept_up(name, part), name=name) for name, part in parts.items()]
                dialing = group.create_task(_kept_up("dialer", self._dialer.run), name="dialer")
                await stop.wait()
                log.info("stopping", calls=len(self._live))
                # First of all, so that no call begins any more; what it has just claimed is given back.
                dialing.cancel()
                await asyncio.wait([dialing])
                await self._live.close()
                for task in tasks:
                    task.cancel()
        except BaseExceptionGroup as group_error:
            raise _first_cause(group_error) from None
        finally:
            await self._live.close()
            await self._journal.close(CLOSE_SECONDS)
            self._guard.close()

    def _webhook_secrets(self, license_key: str) -> tuple[str, ...]:
        known = self._directory.current.license_key(license_key)
        return known.webhook_secrets if known else ()

    @asynccontextmanager
    async def _http(self) -> AsyncIterator[None]:
        application = web.Application(client_max_size=4 * 1024 * 1024)
        checks = {
            "ari": self._is_ari_ready,
            "ami": self._is_ami_ready,
            "database": self._database.ready,
            "media": self._prompts.is_ready,
        }
        application.add_routes(HealthDoor(checks, self._registry).routes())
        application.add_routes(MediaDoor(self._prompts.directory).routes())
        application.add_routes(AdminDoor(self._admin_token, self._feed, self._reloading.apply).routes())
        application.add_routes(CallsDoor(self._admin_token, self._directory, self._notifications).routes())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=2.0)
        await runner.setup()
        http = self._settings.http
        try:
            try:
                await web.TCPSite(runner, http.host, http.port).start()
            except OSError as error:
                raise PortInUse(
                    f"HTTP cannot listen on {http.host}:{http.port}, {error.strerror}: set another `http: {{port: …}}`."
                ) from None
            log.info("listening", http=f"{http.host}:{http.port}")
            yield
        finally:
            await runner.cleanup()

    async def _keep_media(self) -> None:
        """At the start and every day: what scripts can say is rendered, what nobody has heard for a month leaves.

        Calls need not wait for it: a prompt that is not there yet is made when it is needed. Recordings stay.
        """
        while True:
            await prepare_prompts(self._prompts, self._directory.current)
            try:
                removed = await self._prompts.prune(KEEP_PROMPTS_DAYS, keep=self._library.content_hashes())
                log.info("unused prompts removed", prompts=removed)
            except OSError as error:
                log.warning("unused prompts were not removed", reason=str(error))
            await asyncio.sleep(DAY_SECONDS)

    async def _is_ari_ready(self) -> bool:
        if not self._ari.connected:
            return False
        await self._ari.asterisk.ping()
        return True

    async def _is_ami_ready(self) -> bool:
        return self._ami.ready
