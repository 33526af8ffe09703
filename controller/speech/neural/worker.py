"""A worker: one process that keeps models loaded, speaks one text after the other, and is started anew when it dies."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import os
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from controller.errors import SynthesisFailed
from controller.speech.engine_program import INHERITED

log = structlog.get_logger()

# A text that takes longer hangs; its worker is killed.
LONGEST_SECONDS = 60.0
MOST_ANSWER_BYTES = 64 * 1024 * 1024
MOST_WAITING = 10_000
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
TRIES = 2
SHARE_OF_THE_LATEST = 0.2
# A shorter text does not tell how long a character takes.
FEWEST_CHARACTERS = 20


@dataclass(frozen=True, slots=True)
class RawSpeech:
    """What a worker answered: samples of 16 bit, little endian, and their rate in Hz."""

    rate: int
    samples: bytes


@dataclass(order=True, slots=True)
class _Job:
    rank: tuple[int, int]
    request: Mapping[str, Any] = field(compare=False)
    answer: asyncio.Future[RawSpeech] = field(compare=False)


def _length(request: Mapping[str, Any]) -> int:
    return len(request.get("text", ""))


class Worker:
    """One process of `command`, started with the first text. `env`: all of its environment but what every engine has.

    Texts that somebody waits for on a line go before all others. A text whose worker died is tried once more in a
    fresh one; after that, texts fail at once until the pause is over, which doubles with every death in a row.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        longest_seconds: float = LONGEST_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._command = tuple(command)
        self._env = dict(env or {})
        self._longest = longest_seconds
        self._now = now
        self._jobs: list[_Job] = []
        self._numbers = itertools.count()
        self._running: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._deaths = 0
        self._not_before = 0.0
        self._seconds_a_character = 0.0
        self._speaking = 0  # characters of the text that is being spoken

    @property
    def command(self) -> tuple[str, ...]:
        """What is started."""
        return self._command

    @property
    def waiting(self) -> int:
        """How many texts wait, the one that is being spoken included."""
        return len(self._jobs) + (self._running is not None)

    @property
    def seconds_before_urgent(self) -> float:
        """How long an urgent text would wait for those before it, as far as texts take what they took lately."""
        waiting = sum(_length(job.request) for job in self._jobs if job.rank[0] == 0 and not job.answer.done())
        speaking = self._speaking
        if self._running is not None and not speaking and self._jobs:  # it is about to begin with the first
            speaking = _length(self._jobs[0].request)
        return (waiting + speaking) * self._seconds_a_character

    def seconds_for(self, text: str) -> float:
        """How long a text itself would take; 0 as long as nothing was spoken."""
        return len(text) * self._seconds_a_character

    @property
    def pid(self) -> int | None:
        """The process's number; None while there is none."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def speak(self, request: Mapping[str, Any], *, urgent: bool = False) -> RawSpeech:
        """The answer to a request (see `worker_program`). SynthesisFailed; who is cancelled leaves the queue."""
        if len(self._jobs) >= MOST_WAITING:
            raise SynthesisFailed("The speech worker has too many texts waiting.")
        number = next(self._numbers)
        job = _Job((0 if urgent else 1, number), {**request, "id": number}, asyncio.get_running_loop().create_future())
        heapq.heappush(self._jobs, job)
        if self._running is None:
            self._running = asyncio.create_task(self._work())
        return await job.answer

    async def close(self) -> None:
        """End the process; what waits fails."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.wait({running})
        for job in self._jobs:
            if not job.answer.done():
                job.answer.set_exception(SynthesisFailed("The speech worker was stopped."))
        self._jobs.clear()
        await self._kill()

    async def _work(self) -> None:
        """Answer what waits, the urgent first, until nothing does."""
        try:
            while self._jobs:
                job = heapq.heappop(self._jobs)
                if job.answer.done():
                    continue  # nobody waits for it any more
                began, self._speaking = self._now(), _length(job.request)
                try:
                    speech = await self._answered(job.request)
                except SynthesisFailed as error:
                    if not job.answer.done():
                        job.answer.set_exception(error)
                except asyncio.CancelledError:
                    if not job.answer.done():
                        job.answer.set_exception(SynthesisFailed("The speech worker was stopped."))
                    raise
                else:
                    took = (self._now() - began) / max(self._speaking, FEWEST_CHARACTERS)
                    self._seconds_a_character += (took - self._seconds_a_character) * SHARE_OF_THE_LATEST
                    if not job.answer.done():
                        job.answer.set_result(speech)
        finally:
            self._running, self._speaking = None, 0

    async def _answered(self, request: Mapping[str, Any]) -> RawSpeech:
        for attempt in range(1, TRIES + 1):
            if self._now() < self._not_before:
                raise SynthesisFailed("The speech worker ended, and is started again in a moment.")
            try:
                async with asyncio.timeout(self._longest):
                    speech = await self._exchange(request)
            except (OSError, EOFError, ValueError, KeyError, TimeoutError) as error:
                reason = f"it took longer than {self._longest:g} s" if isinstance(error, TimeoutError) else str(error)
                await self._died(reason or type(error).__name__)
                if attempt == TRIES:
                    raise SynthesisFailed(f"The speech worker failed: {reason}") from error
            except SynthesisFailed:
                raise
            except BaseException:
                await self._kill()  # half of an answer may be left in its pipe
                raise
            else:
                self._deaths = 0
                return speech
        raise AssertionError

    async def _exchange(self, request: Mapping[str, Any]) -> RawSpeech:
        """Ask the process, started if need be. OSError, EOFError, ValueError for one that cannot answer."""
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        encoded = json.dumps(request).encode()
        try:
            process.stdin.write(struct.pack(">I", len(encoded)) + encoded)
            await process.stdin.drain()
            (length,) = struct.unpack(">I", await process.stdout.readexactly(4))
            if length > MOST_ANSWER_BYTES:
                raise ValueError("its answer has no end")
            answer = json.loads(await process.stdout.readexactly(length))
            if answer["id"] != request["id"]:
                raise ValueError("its answer is that of another text")
            if "error" in answer:
                # The process is sound: only this text cannot be spoken.
                raise SynthesisFailed(f"The speech engine cannot speak the text: {answer['error']}")
            if not 0 <= answer["bytes"] <= MOST_ANSWER_BYTES:
                raise ValueError("its answer has no end")
            return RawSpeech(int(answer["rate"]), await process.stdout.readexactly(int(answer["bytes"])))
        except asyncio.IncompleteReadError as error:
            raise EOFError(f"the process ended ({await self._how_it_ended(process)})") from error
        except RuntimeError as error:  # uvloop's word for a pipe that is closed
            raise EOFError("the process ended") from error

    async def _how_it_ended(self, process: asyncio.subprocess.Process) -> str:
        try:
            async with asyncio.timeout(2.0):
                status = await process.wait()
        except TimeoutError:
            return "its output is closed"
        return f"signal {-status}" if status < 0 else f"status {status}"

    async def _start(self) -> asyncio.subprocess.Process:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**inherited, "LC_ALL": "C.UTF-8", **self._env},
            start_new_session=True,
        )

    async def _died(self, reason: str) -> None:
        await self._kill()
        self._deaths += 1
        # The first death is answered at once with a fresh process.
        pause = 0.0 if self._deaths == 1 else FIRST_PAUSE_SECONDS * 2 ** min(self._deaths - 2, 10)
        self._not_before = self._now() + min(pause, LONGEST_PAUSE_SECONDS)
        log.warning("a speech worker ended", reason=reason, deaths_in_a_row=self._deaths)

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await asyncio.shield(process.wait())
