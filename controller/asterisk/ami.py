"""The Asterisk Manager Interface (AMI), through panoramisk: what ARI does not offer (the database, reloads, commands).

panoramisk keeps the protocol; the connection's life is kept here: it reconnects by itself only after a drop, sends
unanswered actions again, and loops for ever on a wrong secret. Each connection is a new panoramisk Manager here, and
what was not answered when it dropped has failed.
"""

from __future__ import annotations

import asyncio
import enum
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from panoramisk import Manager, Message  # type: ignore[import-untyped]
from panoramisk.ami_protocol import AMIProtocol  # type: ignore[import-untyped]

from controller.errors import AsteriskError, AsteriskNotFound, AsteriskRefused, AsteriskTimeout, AsteriskUnreachable

log = structlog.get_logger()

# It logs whole actions, secrets and texts in them.
logging.getLogger("panoramisk").setLevel(logging.CRITICAL)

_RANDOM = random.SystemRandom()

FORGETTABLE = ("ping", "login", "originate", "messagesend")
"""Actions that panoramisk must never send a second time: they would act twice."""


class AmiState(enum.Enum):
    """Where the connection stands. REFUSED is final: the secret is wrong."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    LOGGING_IN = "logging in"
    READY = "ready"
    REFUSED = "refused"


class _Protocol(AMIProtocol):  # type: ignore[misc]
    """panoramisk's protocol, cut at message ends: a character that arrives in two halves survives."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._received = b""
        self._greeted = False

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.rfind(b"\r\n\r\n")
        if end < 0 and not self._greeted and self._received.endswith(b"\r\n"):
            end = len(self._received) - 4
        if end >= 0:
            self._greeted = True
            whole, self._received = self._received[: end + 4], self._received[end + 4 :]
            super().data_received(whole)


class _Manager(Manager):  # type: ignore[misc]
    """A Manager for one connection: a drop is told to its owner and not healed here."""

    def __init__(self, on_lost: Callable[[], None], **config: Any) -> None:
        super().__init__(**config)
        self._on_lost = on_lost

    def connection_lost(self, _exc: object) -> None:
        self._connected = False
        self._on_lost()


class AmiClient:
    """A client of AMI. `run()` connects and connects again; actions raise AsteriskUnreachable in between."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str,
        secret: str,
        action_timeout: float = 5.0,
        connect_timeout: float = 5.0,
        ping_interval: float = 10.0,
        first_delay: float = 0.1,
        longest_delay: float = 5.0,
        jitter: Callable[[], float] = _RANDOM.random,
    ) -> None:
        """All times in seconds. A ping without an answer within `action_timeout` ends the connection."""
        self._host = host
        self._port = port
        self._username = username
        self._secret = secret
        self._action_timeout = action_timeout
        self._connect_timeout = connect_timeout
        self._ping_interval = ping_interval
        self._first_delay = first_delay
        self._longest_delay = longest_delay
        self._jitter = jitter
        self._state = AmiState.DISCONNECTED
        self._ready = asyncio.Event()
        self._manager: _Manager | None = None
        self._lost: asyncio.Future[None] | None = None
        self._handlers: list[tuple[str, Callable[[Mapping[str, str]], None]]] = []
        self._ready_handlers: list[Callable[[], Awaitable[None]]] = []
        self.connections = 0
        """How often a login succeeded."""

    @property
    def state(self) -> AmiState:
        return self._state

    @property
    def ready(self) -> bool:
        """Whether actions can be sent now."""
        return self._state is AmiState.READY

    async def wait_ready(self, timeout: float) -> None:
        """Wait for the login. Raises AsteriskUnreachable after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._ready.wait()
        except TimeoutError:
            message = f"No login at Asterisk's manager {self._host}:{self._port} within {timeout:g} s."
            raise AsteriskUnreachable(message) from None

    def on_event(self, name: str, handler: Callable[[Mapping[str, str]], None]) -> None:
        """Call `handler` with the headers of every event of this name ("FullyBooted", "Reload"); it must be quick."""
        self._handlers.append((name, handler))

    def on_ready(self, handler: Callable[[], Awaitable[None]]) -> None:
        """After each login await `handler`, in the order they were added; cancelled when the connection drops."""
        self._ready_handlers.append(handler)

    async def run(self) -> None:
        """Connect, and connect again after each drop, until cancelled. Raises AsteriskRefused on a refused login."""
        delay = self._first_delay
        try:
            while True:
                before = self.connections
                try:
                    await self._connect_and_serve()
                except (AsteriskUnreachable, AsteriskTimeout) as error:
                    log.warning("No connection to Asterisk's manager", port=self._port, reason=str(error))
                self._state = AmiState.DISCONNECTED
                if self.connections > before:
                    delay = self._first_delay
                await asyncio.sleep(delay * (1 - self._jitter() / 2))
                delay = min(delay * 2, self._longest_delay)
        finally:
            if self._state is not AmiState.REFUSED:
                self._state = AmiState.DISCONNECTED

    async def _connect_and_serve(self) -> None:
        loop = asyncio.get_running_loop()
        lost: asyncio.Future[None] = loop.create_future()
        self._lost = lost
        self._state = AmiState.CONNECTING

        def end() -> None:
            if not lost.done():
                lost.set_result(None)

        manager = _Manager(
            end,
            loop=loop,
            forgetable_actions=FORGETTABLE,
            encoding="utf-8",
        )
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._open(manager)
            self._manager = manager
            self._state = AmiState.LOGGING_IN
            await self._log_in()
            self._state = AmiState.READY
            self.connections += 1
            self._ready.set()
            log.info("Connected to Asterisk's manager", port=self._port)
            tasks = [
                asyncio.create_task(self._welcome(), name="ami-ready-handlers"),
                asyncio.create_task(self._pulse(end), name="ami-pulse"),
            ]
            await lost
            raise AsteriskUnreachable("The connection to Asterisk's manager was lost.")
        finally:
            self._manager = None
            self._ready.clear()
            end()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            manager.close()

    async def _open(self, manager: _Manager) -> None:
        """Connect as panoramisk's `Manager.connect` does, without its own retries and pings."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, protocol = await loop.create_connection(_Protocol, self._host, self._port)
        except TimeoutError as error:
            raise AsteriskUnreachable(f"No answer within {self._connect_timeout:g} s.") from error
        except OSError as error:
            raise AsteriskUnreachable(str(error)) from error
        protocol.factory = manager
        protocol.config = manager.config
        protocol.encoding = "utf-8"
        manager.protocol = protocol
        manager.register_event("*", self._dispatch)

    async def _log_in(self) -> None:
        try:
            await self.action("Login", Username=self._username, Secret=self._secret, Events="system,security")
        except AsteriskRefused as error:
            self._state = AmiState.REFUSED
            raise AsteriskRefused("Asterisk refused the manager's user name or secret.") from error

    async def _pulse(self, end: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(self._ping_interval)
            try:
                await self.ping()
            except AsteriskError:
                end()
                return

    async def _welcome(self) -> None:
        for handler in self._ready_handlers:
            try:
                await handler()
            except AsteriskUnreachable:
                return
            except Exception:
                log.exception("A handler of a new connection failed", handler=getattr(handler, "__qualname__", ""))

    def _dispatch(self, _manager: Manager, event: Message) -> None:
        for name, handler in self._handlers:
            if name == event.event:
                try:
                    handler(dict(event.items()))
                except Exception:
                    log.exception("A handler of a manager event failed", event_name=name)

    async def set_variable(self, channel_id: str, name: str, value: str) -> None:
        """Set a channel variable or function, at once: ARI waits with it until the channel's playback is over, and
        with everything else that was asked behind it. AsteriskRefused when there is no such channel.
        """
        await self.action("Setvar", Channel=channel_id, Variable=name, Value=value)

    async def is_bridged(self, channel_id: str) -> bool:
        """Whether a channel is in a bridge; Asterisk has one that it dials in a bridge of its own, before it rings.

        AsteriskRefused when there is no such channel.
        """
        messages = await self.action("Status", Channel=channel_id)
        return any(message.get("BridgeID") for message in messages)

    async def action(self, name: str, **fields: str) -> list[Message]:
        """Send an action, and wait for the whole answer: its first message, then the events of its list, if it has one.

        Raises AsteriskRefused when the answer is an error or a field holds a line break, AsteriskTimeout,
        AsteriskUnreachable.
        """
        manager, lost = self._manager, self._lost
        if manager is None or lost is None or lost.done():
            raise AsteriskUnreachable
        for value in fields.values():
            if "\r" in value or "\n" in value:
                raise AsteriskRefused(f"A field of the manager action {name} holds a line break.")
        future: asyncio.Future[Message | list[Message]] = manager.send_action({"Action": name, **fields})
        await asyncio.wait((future, lost), timeout=self._action_timeout, return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            future.cancel()
            if lost.done():
                raise AsteriskUnreachable(f"The connection to Asterisk's manager was lost under {name}.")
            raise AsteriskTimeout(f"Asterisk's manager did not answer {name} within {self._action_timeout:g} s.")
        answer = future.result()
        messages = answer if isinstance(answer, list) else [answer]
        if not messages[0].success:
            raise AsteriskRefused(f"Asterisk's manager refused {name}: {messages[0].message}")
        return messages

    async def ping(self) -> None:
        await self.action("Ping")

    async def core_settings(self) -> dict[str, str]:
        """Asterisk's version ("AsteriskVersion"), limits and the like, by AMI's own names."""
        return dict((await self.action("CoreSettings"))[0].items())

    async def core_status(self) -> dict[str, str]:
        """When it started and was reloaded, and "CoreCurrentCalls"."""
        return dict((await self.action("CoreStatus"))[0].items())

    async def reload(self, module: str | None = None) -> None:
        """Have a module ("res_pjsip.so"), or all of Asterisk, read its configuration again."""
        await self.action("Reload", **({} if module is None else {"Module": module}))

    async def load_module(self, module: str) -> None:
        """Load a module; AsteriskRefused when it is loaded already or cannot be."""
        await self.action("ModuleLoad", Module=module, LoadType="load")

    async def database_get(self, family: str, key: str) -> str:
        """A value of Asterisk's own database. AsteriskNotFound when the key is not there."""
        try:
            messages = await self.action("DBGet", Family=family, Key=key)
        except AsteriskRefused as error:
            raise AsteriskNotFound(f"Asterisk's database has no {family}/{key}.", status=404) from error
        for message in messages:
            if message.event == "DBGetResponse":
                return str(message.val)
        raise AsteriskNotFound(f"Asterisk's database has no {family}/{key}.", status=404)

    async def database_put(self, family: str, key: str, value: str) -> None:
        await self.action("DBPut", Family=family, Key=key, Val=value)

    async def database_delete(self, family: str, key: str) -> None:
        """Delete one key. AsteriskNotFound when it is not there."""
        try:
            await self.action("DBDel", Family=family, Key=key)
        except AsteriskRefused as error:
            raise AsteriskNotFound(f"Asterisk's database has no {family}/{key}.", status=404) from error

    async def database_tree(self, family: str) -> dict[str, str]:
        """All of a family, by the keys below it; empty when there is none."""
        try:
            messages = await self.action("DBGetTree", Family=family)
        except AsteriskRefused:
            return {}
        prefix = f"/{family}/"
        return {
            str(message.key).removeprefix(prefix): str(message.val)
            for message in messages
            if message.event == "DBGetTreeResponse"
        }
