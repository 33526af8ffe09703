"""The softphone: dials, answers and registers, with SIPp for the signalling and media of its own."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Literal, Self

from controller.errors import CallRefused, SoftphoneError
from controller.softphone.answering import AnsweringLine, Manners
from controller.softphone.call import Call, CallEvent
from controller.softphone.media import MediaClock
from controller.softphone.sip import SipMessage
from controller.softphone.sipp import SippProcess

_DIALABLE: Final = re.compile(r"[0-9A-Za-z+*_.~%-]{1,64}")
_REGISTER_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Account:
    """A phone's login: SIP user and password."""

    user: str
    password: str = field(repr=False)


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
        self._calls: set[Call] = set()
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
        timeout: float = 10.0,
        until: Literal["answered", "ringing", "sent"] = "answered",
        silent: bool = False,
        deaf: bool = False,
        on_event: Callable[[CallEvent], None] | None = None,
    ) -> Call:
        """Call `number` and return when it is answered (or rings, or is on its way, as `until` says).

        CallRefused with the SIP status when the far side does not want it; SoftphoneError when nobody answers within
        `timeout` seconds (the attempt is given up then). `silent` sends no packets between keys, `deaf` keeps no audio:
        both for many calls at once. `on_event` hears each event as it happens.
        """
        for part in (number, caller):
            if not _DIALABLE.fullmatch(part):
                raise SoftphoneError(f"“{part}” cannot be dialled")
        call = Call(
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
        """Tell the server where the account's phone is reached (0 seconds: nowhere). CallRefused when it says no."""
        if self._account is None:
            raise SoftphoneError("only a softphone with an account can register")
        answer: asyncio.Future[SipMessage] = asyncio.get_running_loop().create_future()

        def receive(event: str, text: str) -> None:
            if answer.done():
                return
            if event == "lost":
                answer.set_exception(SoftphoneError(f"the registration had no answer: {text}"))
            else:
                answer.set_result(SipMessage.parse(text))

        registration = next(self._ids)
        self._outgoing.attach(registration, receive)
        where = f"{contact[0]}:{contact[1]}"
        try:
            self._outgoing.tell(registration, {"Do": "register", "Contact": where, "Expires": expires, **self._login()})
            async with asyncio.timeout(_REGISTER_SECONDS):
                message = await answer
        except TimeoutError:
            raise SoftphoneError(f"the registration had no answer within {_REGISTER_SECONDS:g} s") from None
        finally:
            self._outgoing.detach(registration)
        if message.status != 200:
            raise CallRefused(f"the registration was refused: {message.status} {message.phrase}", status=message.status)

    @contextlib.asynccontextmanager
    async def answering(
        self, manners: Manners | None = None, *, port: int | None = None, register: bool = False
    ) -> AsyncIterator[AnsweringLine]:
        """A line that takes calls on `port` (UDP; any free one when None) of the local address, while in use.

        With `manners` it deals with each call itself; without, the calls wait in `line.next_call()`. With
        `register` the account's phone is reached there.
        """
        sipp = SippProcess(self._command, "incoming.xml", server=self._server, host=self._host, port=port, listens=True)
        line = AnsweringLine(sipp, self._clock, self._host, manners)
        await sipp.start()
        try:
            if register:
                await self.register((self._host, sipp.port))
            try:
                yield line
            finally:
                if register:
                    with contextlib.suppress(SoftphoneError):
                        await self.register((self._host, sipp.port), expires=0)
        finally:
            await line.close()

    def _login(self) -> dict[str, str]:
        return {"User": self._account.user, "Password": self._account.password} if self._account else {}

    def _stranger(self, call_id: str, event: str, _: str) -> None:
        """A call that was abandoned before the far side said anything, and is answered now."""
        if event in {"progress", "answered"}:
            self._outgoing.tell(call_id, {"Do": "hangup"})
