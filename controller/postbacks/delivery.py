"""Delivery: takes post-backs from the outbox, posts them, and has the results recorded."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID, uuid4

import structlog
from prometheus_client import CollectorRegistry

from controller.egress.guard import Guard
from controller.errors import StoreError
from controller.postbacks.attempt import Attempt, Blame, Claimed
from controller.postbacks.attempt_log import AttemptLog, AttemptResult, Outcome
from controller.postbacks.breaker import BreakerOptions, Breakers
from controller.postbacks.claiming import Claims
from controller.postbacks.metrics import PostbackMetrics
from controller.postbacks.outbox import CHANNEL
from controller.postbacks.postback_retention import Retention
from controller.postbacks.poster import Mailing, Poster, PostingOptions
from controller.postbacks.schedule import Schedule
from controller.postbacks.signature import Secrets
from controller.postbacks.ways import HALF_AN_HOUR, MOST_CALLBACKS, Way, way_of
from controller.store.database import Database

log = structlog.get_logger()

# Between two claims, in seconds: fewer, larger ones cost the database less than they cost the first of a batch in time.
CLAIM_EVERY = 0.02
AGE_EVERY = 15.0
STORE_AWAY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """How post-backs are delivered; times in seconds.

    `per_host` and `in_all` limit what is under way at once; `lease_seconds` is how long a process may keep a post-back
    before another takes it over; `overtake_seconds` how long a later one of the same subject waits behind a failing
    one; `poll_seconds` how often the outbox is looked at without a notification; `drain_seconds` how long a stop waits
    for what is under way; `keep_days` how long what is done with stays in the store.
    """

    schedule: Schedule = field(default_factory=Schedule)
    posting: PostingOptions = field(default_factory=PostingOptions)
    breaker: BreakerOptions = field(default_factory=BreakerOptions)
    per_host: int = 64
    in_all: int = 512
    lease_seconds: float = 40.0
    overtake_seconds: float = 600.0
    poll_seconds: float = 1.0
    drain_seconds: float = 5.0
    keep_days: float = 30.0


def unsigned(_license_key: str) -> Secrets:
    """The secrets of a licence key that has none."""
    return ()


class Delivery:
    """One deliverer; any number of them, in any number of processes, share an outbox."""

    def __init__(
        self,
        database: Database,
        guard: Guard,
        options: DeliveryOptions | None = None,
        *,
        secrets: Callable[[str], Secrets] = unsigned,
        registry: CollectorRegistry | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        mail: Mailing | None = None,
    ) -> None:
        """`secrets`: the webhook secrets of a licence key by its name; `now`: the aware time that attempts bear.

        `mail`: hands in what is mailed; None where there is no mail server.
        """
        self._options = options or DeliveryOptions()
        self._lease: UUID = uuid4()
        self._database = database
        self._guard = guard
        self._poster = Poster(guard, self._options.posting, secrets, now, mail)
        self._claims = Claims(database, self._lease, self._options.lease_seconds, self._options.overtake_seconds)
        self._retention = Retention(database, self._options.keep_days)
        self._wake = asyncio.Event()
        self._recorder = AttemptLog(database, self._lease, self._wake.set)
        self._lanes = Breakers(self._options.breaker)
        self._urls = Breakers(self._options.breaker)
        self._metrics = PostbackMetrics(registry)
        self._under_way: Counter[str] = Counter()
        self._numbers: set[int] = set()  # of the rows that are under way here
        self._tasks: set[asyncio.Task[None]] = set()
        self._hungry = False
        # When rows that this process put off are due again, on the monotonic clock: only a hint, the store knows all.
        self._alarms: list[float] = []

    async def run(self) -> None:
        """Deliver until cancelled; then what is under way may end, and what is left is given back to the outbox."""
        await self._poster.open()
        await self._claims.open()
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._database.listen(CHANNEL, lambda _payload: self._wake.set()))
                parts.create_task(self._recorder.run())
                parts.create_task(self._watch_age())
                parts.create_task(self._retention.run())
                parts.create_task(self._claim_forever())
        finally:
            await self._stop()

    async def _claim_forever(self) -> None:
        while True:
            self._wake.clear()
            began = time.monotonic()
            more = False
            try:
                more = await self._claim()
            except StoreError as error:
                log.warning("the outbox cannot be read", reason=str(error))
                await asyncio.sleep(STORE_AWAY_SECONDS)
            if not more:
                await self._pause()
            await asyncio.sleep(max(0.0, began + CLAIM_EVERY - time.monotonic()))

    async def _pause(self) -> None:
        """Until there may be something to do."""
        now = time.monotonic()
        until = now + self._options.poll_seconds
        while self._alarms and self._alarms[0] <= now:
            heapq.heappop(self._alarms)
        if self._alarms:
            until = min(until, self._alarms[0])
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + until - now):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _claim(self) -> bool:
        """Take what is due and start to deliver it; whether there may be more for which there is room."""
        room = self._options.in_all - sum(self._under_way.values())
        if room <= 0:
            self._hungry = True
            return False
        claim = await self._claims.take(self._rooms(), self._options.per_host, room)
        self._hungry = claim.limited
        for _, group in groupby(claim.postbacks, key=lambda claimed: claimed.subject):
            self._start(list(group))
        return claim.more

    def _rooms(self) -> dict[str, int]:
        """How many more of each lane may be under way; lanes that are not named have all their room."""
        now = time.monotonic()
        most = self._options.per_host
        lanes = {*self._under_way, *self._lanes.names()}
        return {lane: max(0, self._lanes.room(lane, most, now) - self._under_way[lane]) for lane in lanes}

    def _start(self, group: list[Claimed]) -> None:
        # With a clock that was set forward, a lease is over while its post-back is still under way here.
        group = [
            claimed
            for claimed in group
            if claimed.number not in self._numbers and not self._recorder.knows(claimed.number)
        ]
        if not group:
            return
        self._numbers.update(claimed.number for claimed in group)
        self._under_way.update(claimed.lane for claimed in group)
        task = asyncio.create_task(self._deliver(group))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a delivery broke; it is repeated when its lease is over", exc_info=task.exception())

    async def _deliver(self, group: Sequence[Claimed]) -> None:
        """Deliver post-backs of one subject, in their order; those behind one that failed are given back."""
        failed: AttemptResult | None = None
        waiting = deque(group)
        try:
            while waiting:
                claimed = waiting[0]
                if failed is not None and claimed.sequence > failed.claimed.sequence:
                    until_overtaking = max(0.0, self._options.overtake_seconds - claimed.age)
                    delay = min(failed.delay, until_overtaking)
                    result: AttemptResult | None = AttemptResult(claimed, Outcome.PARKED, delay)
                    self._set_alarm(delay)
                else:
                    result = await self._deliver_one(claimed)
                if result is None:
                    return
                self._recorder.add(result)
                self._leave(waiting.popleft())
                if result.outcome in (Outcome.RETRY, Outcome.HELD):
                    failed = failed or result
                    self._set_alarm(result.delay)
        finally:
            for left in waiting:
                self._leave(left)

    async def _deliver_one(self, claimed: Claimed) -> AttemptResult | None:
        """Post it, unless its receiver is stopped or held back; None when its lease is over and it is another's now."""
        now = time.monotonic()
        if claimed.stopped:
            self._metrics.gave_up()
            return AttemptResult(claimed, Outcome.FAILED, reason="not sent: the receiver answered 410 Gone before")
        if claimed.expires - now < self._options.posting.total_seconds:
            return None
        held = self._urls.wait_for(claimed.receiver, now)
        if held:
            return AttemptResult(claimed, Outcome.HELD, held)
        attempt = await self._poster.post(claimed)
        self._metrics.attempted(claimed, attempt)
        self._learn(claimed, attempt)
        if attempt.delivered:
            return AttemptResult(claimed, Outcome.DELIVERED, attempt=attempt)
        delay = None
        if not attempt.hopeless:
            delay = self._next_delay(claimed, attempt)
        log.info(
            "a post-back failed",
            postback=str(claimed.id),
            subject=claimed.subject,
            tries=claimed.tries + 1,
            reason=attempt.reason,
            again_in=None if delay is None else round(delay, 1),
        )
        if delay is None:
            self._metrics.gave_up()
            return AttemptResult(claimed, Outcome.FAILED, attempt=attempt)
        return AttemptResult(claimed, Outcome.RETRY, delay, attempt)

    def _next_delay(self, claimed: Claimed, attempt: Attempt) -> float | None:
        """Seconds until the next attempt; None when it was the last."""
        if way_of(claimed.event) is Way.FETCH_UNTIL_OK:
            return HALF_AN_HOUR if claimed.tries + 1 < MOST_CALLBACKS else None
        return self._options.schedule.next_delay(claimed.tries + 1, attempt.retry_after)

    def _learn(self, claimed: Claimed, attempt: Attempt) -> None:
        """Keep the breakers up to date."""
        now = time.monotonic()
        if attempt.blame is Blame.NOBODY and attempt.status is None:
            return
        if attempt.blame is not Blame.HOST:
            self._lanes.succeeded(claimed.lane)
        elif self._lanes.failed(claimed.lane, now):
            held = self._lanes.held_for(claimed.lane, now)
            log.warning("a host is held back", lane=claimed.lane, seconds=held, reason=attempt.reason)
            self._set_alarm(held)
        if attempt.delivered:
            self._urls.succeeded(claimed.receiver)
        elif attempt.blame is Blame.URL:
            if attempt.retry_after:
                self._urls.hold(claimed.receiver, now + attempt.retry_after)
            if self._urls.failed(claimed.receiver, now):
                log.warning("a receiver is held back", lane=claimed.lane, reason=attempt.reason)

    def _leave(self, claimed: Claimed) -> None:
        self._numbers.discard(claimed.number)
        lane = claimed.lane
        self._under_way[lane] -= 1
        if self._under_way[lane] <= 0:
            del self._under_way[lane]
        if self._hungry:
            self._wake.set()

    def _set_alarm(self, delay: float) -> None:
        if delay < 3600:
            heapq.heappush(self._alarms, time.monotonic() + delay)

    @property
    def _longest_delay(self) -> float:
        schedule = self._options.schedule
        return max(schedule.longest, self._options.lease_seconds, self._options.overtake_seconds) + 60.0

    async def _watch_age(self) -> None:
        while True:
            now = time.monotonic()
            self._metrics.show(under_way=sum(self._under_way.values()), held=len(self._lanes.held(now)))
            try:
                self._metrics.show_oldest(await self._database.fetchval("oldest_postback") or 0.0)
                # Due later than any delay makes it: the clock was set back since.
                if await self._database.fetchval("hasten_postbacks", self._longest_delay):
                    log.warning(
                        "post-backs were due in a time that no delay reaches, and are due now: was the clock set?"
                    )
                    self._wake.set()
            except StoreError as error:
                log.debug("the age of post-backs is unknown", reason=str(error))
            await asyncio.sleep(AGE_EVERY)

    async def _stop(self) -> None:
        """Let what is under way end, record it, and give the rest back."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._options.drain_seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(self._options.drain_seconds):
                await self._recorder.flush()
                await self._claims.give_back()
        except (StoreError, TimeoutError) as error:
            log.warning("results of post-backs were not stored; they will be sent again", reason=str(error))
        await self._claims.close()
        await self._poster.close()
