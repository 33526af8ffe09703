"""What is metered is what the SIP trace shows, whatever the controller goes through."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest

from controller.errors import SoftphoneError
from controller.programs import ProgramTree
from controller.softphone.answering import AnsweringLine, IncomingCall
from controller.softphone.phone import Softphone
from tests.support.asterisk import RunningAsterisk, running_asterisk
from tests.support.house import KEY, House, customer, running_house
from tests.support.patience import until
from tests.support.sip_trace import SipTrace, TracedLeg, sip_trace
from tests.support.soak import soaking

Phones = Callable[[RunningAsterisk], AbstractAsyncContextManager[Softphone]]

QUIET_CALLS = 20
CALLS_UNDER_KILLS = int(soaking(6, 5_000))  # of each controller
KILLS = int(soaking(2, 1_000_000))
CONTROLLERS = int(soaking(1, 2))
AT_ONCE = int(soaking(6, 24))
LONGEST_SECONDS = 3.0
# A controller has answered a call, and lives on for so long at most, before it is killed.
LIVES_SECONDS = 1.0
# Until a controller is there that answers.
RINGS_SECONDS = 250
LEASE_SECONDS = 60
# Until a call is over whose other side is gone, while controllers come and go.
OVER_SECONDS = 250.0
# What passes on a busy machine between a message and when the controller hears of what it did.
LATE = timedelta(seconds=15)
WAITER, TALKER = "12015550101", "12015550102"
YAML = """
service: {{lease_seconds: {lease}}}
license_keys:
  acme: {{key: {key}, products: [phone], status_post_url: "{url}/calls"}}
dids:
  "+12015550101": {{voice: acme, script: wait.txt}}
  "+12015550102": {{voice: acme, script: transfer.txt}}
trunks:
  carrier: {{host: 127.0.0.2}}
"""


class Metered(NamedTuple):
    """A usage record of a call or a transfer, with who called."""

    product: str
    caller: str
    units: int
    began_at: datetime
    at: datetime


def _yaml(folder: Path, url: str) -> str:
    (folder / "wait.txt").write_text(r"~\WaitForDTMF(600)~")
    (folder / "transfer.txt").write_text(r"~\TransferTo(12015551700)~")
    return YAML.format(lease=LEASE_SECONDS, key=KEY, url=url)


async def _metered(dsn: str) -> list[Metered]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT product, ltrim(their_number, '+') AS caller, units, began_at, at"
            " FROM usage_records JOIN calls ON queue_id::text = split_part(record_id, ':', 2) ORDER BY began_at"
        )
        assert len(rows) == await connection.fetchval("SELECT count(*) FROM usage_records WHERE began_at IS NOT NULL")
        return [Metered(*row) for row in rows]
    finally:
        await connection.close()


async def _all_are_over(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:

        async def all_are_over() -> bool:
            return not await connection.fetchval("SELECT count(*) FROM calls WHERE ended_at IS NULL")

        await until(all_are_over, OVER_SECONDS)
    finally:
        await connection.close()


class _Callers:
    """People who call at random, and who is called by transfers: each hangs up after a while, or does not answer."""

    def __init__(self, phone: Softphone, line: AnsweringLine, numbers: Iterator[int]) -> None:
        self._phone = phone
        self._line = line
        self._chance = random.Random(13)
        self._numbers = numbers
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def call(self, calls: int) -> None:
        """So many calls, each of a caller of its own."""
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(self._answer(group))
            try:
                async with asyncio.TaskGroup() as calling:
                    for _ in range(calls):
                        calling.create_task(self._call())
            finally:
                answering.cancel()

    async def _call(self) -> None:
        number = self._chance.choice((WAITER, WAITER, TALKER))
        async with self._at_once:
            call = await self._phone.dial(
                number, caller=str(next(self._numbers)), timeout=RINGS_SECONDS, silent=True, deaf=True
            )
            if number == TALKER and self._chance.random() < 0.5:
                await call.ended(OVER_SECONDS)  # who was called hangs up, or does not answer
            else:
                await asyncio.sleep(self._chance.uniform(0, LONGEST_SECONDS))
                await call.hang_up()

    async def _answer(self, group: asyncio.TaskGroup) -> None:
        while True:
            leg = await self._line.next_call(timeout=3600)
            group.create_task(self._talk(leg))

    async def _talk(self, leg: IncomingCall) -> None:
        with suppress(SoftphoneError):  # the caller hangs up when he likes
            if self._chance.random() < 0.25:
                await leg.refuse(486)
                return
            await leg.answer()
            await asyncio.sleep(self._chance.uniform(0, LONGEST_SECONDS))
            if not leg.is_ended:
                await leg.hang_up()


class _Lives:
    """Controllers that are killed, one after the other."""

    def __init__(self) -> None:
        self.kills = 0

    async def kill_again_and_again(self, house: House, trace: SipTrace) -> None:
        """Kill each controller soon after it has answered a call, at whatever moment of others; or be cancelled."""
        chance = random.Random(31)
        for _ in range(KILLS):
            answered = len(trace.answered)
            while len(trace.answered) == answered:
                await trace.changed()
            await asyncio.sleep(chance.uniform(0, LIVES_SECONDS))
            await self.restart(house)

    async def restart(self, house: House) -> None:
        """Kill the controller, as far as it is there, and start another one."""
        await house.kill()
        self.kills += 1
        await house.start()


@dataclass(frozen=True, slots=True)
class _Place:
    """An Asterisk with the controller that it belongs to, its SIP trace, and people who call there."""

    asterisk: RunningAsterisk
    house: House
    trace: SipTrace
    callers: _Callers

    async def be_called(self, lives: _Lives) -> None:
        """Be called in peace, then while the controller is killed again and again."""
        await self.callers.call(QUIET_CALLS)
        killing = asyncio.create_task(lives.kill_again_and_again(self.house, self.trace))
        try:
            await self.callers.call(CALLS_UNDER_KILLS)
        finally:
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
        await lives.restart(self.house)
        await self.asterisk.without_calls()
        # What the last one let go, Asterisk has written down by now.
        await lives.restart(self.house)


@asynccontextmanager
async def _place(
    folder: Path, tools: ProgramTree, dsn: str, url: str, softphone: Phones, numbers: Iterator[int]
) -> AsyncIterator[_Place]:
    async with (
        running_asterisk(
            tools,
            entity_id=f"02:00:00:00:00:0{folder.name}",
            lease_seconds=LEASE_SECONDS,
            wait_for_controller_seconds=RINGS_SECONDS,
            numbers=frozenset({f"+{WAITER}", f"+{TALKER}"}),
        ) as asterisk,
        sip_trace(asterisk) as trace,
        running_house(folder, asterisk, dsn, tools.root, _yaml(folder, url), "warning") as house,
        softphone(asterisk) as phone,
        phone.answering(port=asterisk.configuration.trunks[0].port) as line,
    ):
        yield _Place(asterisk, house, trace, _Callers(phone, line, numbers))


def _agree(answered: list[TracedLeg], metered: list[Metered]) -> str:
    """Each record has its leg, and no two have one; each leg has its record, whoever was there to see it.

    Both have the same times, but for what passes until Asterisk tells of an answer. Gives the sums, for people.
    """
    legs: defaultdict[tuple[str, str], deque[TracedLeg]] = defaultdict(deque)
    for leg in answered:
        legs["transfer" if leg.outgoing else "call", leg.caller].append(leg)
    traced, counted = 0.0, 0
    for each in metered:
        assert legs[each.product, each.caller], each
        leg = legs[each.product, each.caller].popleft()  # both are in the order of their answers
        assert each.units == round((each.at - each.began_at).total_seconds())
        assert abs(each.began_at - leg.times[0]) < LATE, (each, leg)
        assert abs(each.at - leg.times[1]) < LATE, (each, leg)
        traced, counted = traced + leg.seconds, counted + each.units
    assert [leg for rest in legs.values() for leg in rest] == []
    return f"{len(answered)} legs; {traced:.1f} s in the trace, {counted} s metered"


@pytest.mark.timeout(900 + CALLS_UNDER_KILLS * 2)
async def test_every_answered_leg_of_the_sip_trace_is_metered_once_whoever_is_killed_meanwhile(
    tools: ProgramTree, postgres: str, tmp_path: Path, softphone: Phones
) -> None:
    lives, numbers = _Lives(), count(12125550000)
    folders = [tmp_path / str(place) for place in range(CONTROLLERS)]
    for folder in folders:
        folder.mkdir()
    async with customer() as acme, AsyncExitStack() as stack:
        places = [
            await stack.enter_async_context(_place(folder, tools, postgres, acme.url, softphone, numbers))
            for folder in folders
        ]
        async with asyncio.TaskGroup() as group:
            for place in places:
                group.create_task(place.be_called(lives))
        await _all_are_over(postgres)
        await places[0].house.delivered()
        answered = [leg for place in places for leg in place.trace.answered]

        async def all_are_metered() -> bool:
            return len(await _metered(postgres)) >= len(answered)

        # What nobody saw is stored once the last controller has read of it.
        with suppress(TimeoutError):
            await until(all_are_metered)
        print(_agree(answered, await _metered(postgres)), f"{CONTROLLERS} controllers, {lives.kills} kills")
