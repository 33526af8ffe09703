"""What a test does to requests of the fake: it refuses or stalls some, and waits for others."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.fake_resources import FakeRequest, FakeResources, Reply
from tests.support.patience import LONGEST_WAIT


@dataclass
class _Disturbance:
    method: str
    pattern: re.Pattern[str]
    reply: Reply | None
    times: int


class FakeRequests(FakeResources):
    """Answers requests, but for those that the test disturbs, and remembers them all."""

    def __init__(self, *, version: str = "22.10.1", playback_seconds: float | None = 0.0) -> None:
        super().__init__(version=version, playback_seconds=playback_seconds)
        self.requests: list[FakeRequest] = []
        self._changed = asyncio.Condition()
        self._disturbances: list[_Disturbance] = []
        self._notices: set[asyncio.Task[None]] = set()

    def note_request(self, request: FakeRequest) -> None:
        """A request has come."""
        self.requests.append(request)
        self.changed()

    def reply_to(self, request: FakeRequest) -> Reply | None:
        """What a request is answered with; None when it gets no answer."""
        self.note_request(request)
        disturbance = self._disturbance(request)
        return self.answer_request(request) if disturbance is None else disturbance.reply

    def refuse(
        self, method: str, pattern: str, *, status: int = 500, message: str = "refused by the test", times: int = 1
    ) -> None:
        """Answer the next `times` requests whose uri matches the regular expression `pattern` with an error."""
        self._disturbances.append(_Disturbance(method, re.compile(pattern), (status, {"message": message}), times))

    def stall(self, method: str, pattern: str, *, times: int = 1) -> None:
        """Never answer the next `times` requests that match, and do nothing for them."""
        self._disturbances.append(_Disturbance(method, re.compile(pattern), None, times))

    def requests_of(self, method: str, pattern: str) -> list[FakeRequest]:
        """The requests so far whose whole uri matches the regular expression `pattern`."""
        return [r for r in self.requests if r.method == method and re.fullmatch(pattern, r.uri)]

    async def asked(self, method: str, pattern: str, *, count: int = 1, timeout: float = LONGEST_WAIT) -> FakeRequest:
        """Wait until `count` requests matched (from the fake's beginning); gives the last of them."""
        await self.until(lambda: len(self.requests_of(method, pattern)) >= count, timeout=timeout)
        return self.requests_of(method, pattern)[count - 1]

    async def until(self, condition: Callable[[], bool], *, timeout: float = LONGEST_WAIT) -> None:
        """Wait until `condition` holds; it is looked at after each request and each new connection."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(condition)

    def changed(self) -> None:
        """Have those who wait look again."""

        async def notify() -> None:
            async with self._changed:
                self._changed.notify_all()

        task = asyncio.get_running_loop().create_task(notify())
        self._notices.add(task)
        task.add_done_callback(self._notices.discard)

    def stop_notices(self) -> None:
        """Nobody waits any more."""
        for task in self._notices:
            task.cancel()

    def _disturbance(self, request: FakeRequest) -> _Disturbance | None:
        for disturbance in self._disturbances:
            if disturbance.method == request.method and disturbance.pattern.fullmatch(request.uri):
                disturbance.times -= 1
                if disturbance.times == 0:
                    self._disturbances.remove(disturbance)
                return disturbance
        return None
