"""The softphone: dials, answers and registers, with SIPp for the signalling and media of its own."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Final, Literal, Self

from controller.errors import SoftphoneError
from controller.softphone.answering import AnsweringLine, Manners
from controller.softphone.phone_call import PATIENCE_SECONDS, CallEvent, PhoneCall
from controller.softphone.registration import Account, Registration
from controller.softphone.rtp_media import MediaClock
from controller.softphone.sipp import SippProcess, free_port

_DIALABLE: Final = re.compile(r"[0-9A-Za-z+*_.~%-]{1,64}")


class Softphone:
    """A telephone with as many lines as needed.

        async with Softphone(["sipp"], server=("127.0.0.1", 5060)) as phone:
            call = await phone.dial("12015550101", caller="12015550199")
            await call.press("1")
            await call.ended()

    `sipp` is the command that starts SIPp (with its loader, when unpacked); `server` is where calls go; `local_host` is
    the address that the far side knows us by. `account` answers when the server asks for a login.
    """

    def __init__(
        self,
        sipp: Sequence[str],
        *,
        server: tuple[str, int],
        local_host: str = "127.0.0.2",
        account: Account | None = None,
    ) -> None:
        self._command = tuple(sipp)
        self._server = server
        self._host = local_host
        self._account = account
        self._outgoing = SippProcess(sipp, "outgoing.xml", server=server, host=local_host)
        self._outgoing.on_stranger = self._stranger
        self._clock = MediaClock()
        self._calls: set[PhoneCall] = set()
        self._ids = (f"{secrets.token_hex(8)}-{number}" for number in itertools.count(1))

    async def __aenter__(self) -> Self:
        await self._outgoing.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def pid(self) -> int | None:
        """The SIPp that makes the calls; None when it does not run."""
        return self._outgoing.pid

    async def close(self) -> None:
        """Hangs up what is still up, and ends SIPp."""
        await asyncio.gather(*(call.abandon() for call in self._calls))
        await self._outgoing.stop()
        await self._clock.stop()

    async def dial(
        self,
        number: str,
        *,
        caller: str = "12015550199",
        timeout: float = PATIENCE_SECONDS,
        until: Literal["answered", "ringing", "sent"] = "answered",
        silent: bool = False,
        deaf: bool = False,
        on_event: Callable[[CallEvent], None] | None = None,
    ) -> PhoneCall:
        """Call `number` and return when it is answered (or rings, or is on its way, as `until` says).

        CallRefused with the SIP status when the far side does not want it; SoftphoneError when nobody answers within
        `timeout` seconds (the attempt is given up then). `silent` sends no packets between keys, `deaf` keeps no audio:
        both for many calls at once. `on_event` hears each event as it happens.
        """
        for part in (number, caller):
            if not _DIALABLE.fullmatch(part):
                raise SoftphoneError(f"“{part}” cannot be dialled")
        call = PhoneCall(
            next(self._ids), self._outgoing, self._clock, self._host, silent=silent, deaf=deaf, on_event=on_event
        )
        self._calls.add(call)
        call.begin(number, caller, self._login())
        try:
            if until == "answered":
                await call.answered(timeout)
            elif until == "ringing":
                await call.ringing(timeout)
        except BaseException:
            await call.abandon()
            raise
        self._calls = {known for known in self._calls if not known.is_ended}
        return call

    async def register(self, contact: tuple[str, int], *, expires: int = 300) -> None:
        """Tell the server where the account's phone is reached (0 seconds: nowhere). CallRefused when it says no.

        It is told from there, so nothing may listen there yet.
        """
        if self._account is None:
            raise SoftphoneError("only a softphone with an account can register")
        await Registration(self._account, self._server, contact).send(expires)

    @contextlib.asynccontextmanager
    async def answering(
        self, manners: Manners | None = None, *, port: int | None = None, register: bool = False
    ) -> AsyncIterator[AnsweringLine]:
        """A line that takes calls on `port` (UDP; any free one when None) of the local address, while in use.

        With `manners` it deals with each call itself; without, the calls wait in `line.next_call()`. With
        `register` the account's phone is reached there.
        """
        if register:
            port = port or free_port(socket.SOCK_DGRAM, self._host)
            await self.register((self._host, port))
        try:
            async with self._listening(manners, port) as line:
                yield line
        finally:
            if register and port:
                with contextlib.suppress(SoftphoneError):
                    await self.register((self._host, port), expires=0)

    @contextlib.asynccontextmanager
    async def _listening(self, manners: Manners | None, port: int | None) -> AsyncIterator[AnsweringLine]:
        sipp = SippProcess(self._command, "incoming.xml", server=self._server, host=self._host, port=port, listens=True)
        line = AnsweringLine(sipp, self._clock, self._host, manners)
        await sipp.start()
        try:
            yield line
        finally:
            await line.close()

    def _login(self) -> dict[str, str]:
        return {"User": self._account.user, "Password": self._account.password} if self._account else {}

    def _stranger(self, call_id: str, event: str, _: str) -> None:
        """A call that was abandoned before the far side said anything, and is answered now."""
        if event in {"progress", "answered"}:
            self._outgoing.tell(call_id, {"Do": "hangup"})
