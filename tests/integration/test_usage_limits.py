"""Usage limits on a real database: allowances hold over all controllers, and who has used up its money is held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

import asyncpg
import pytest

from controller.calls.model.order import Order
from controller.calls.model.response_codes import ResponseCode
from controller.calls.outgoing.notifications import Taken
from controller.directory.current import CurrentDirectory
from controller.directory.snapshot import LicenseKey, Snapshot
from controller.directory.usage_limits import MoneyLimit, UsageLimits
from controller.errors import NotificationRefused
from controller.metering.prices import CurrentPrices, PriceList, Rate
from controller.metering.store.records import write_usage
from controller.metering.store.standings import Standings
from controller.metering.usage import UsageProduct, UsageRecord
from controller.metering.usage_watch import UsageWatch
from controller.resources import QUERIES
from controller.store.database import Database
from controller.store.queries import Queries
from controller.texts.model.order import Queued, RefusalReason, Refused, TextOrder
from tests.support import texts as text_support
from tests.support.calls import KEY, calls_room, snapshot
from tests.support.fake_ari import FakeAri
from tests.support.outgoing import THEM
from tests.support.patience import LONGEST_WAIT
from tests.support.texts import texts_room

if TYPE_CHECKING:
    from controller.mail.server import MailServer

NUMBER = "+12015550101"
LATER = datetime(2099, 1, 1, tzinfo=UTC)
PRICES = PriceList("USD", rates=(Rate(UsageProduct.CALL, per_minute=Decimal(1)),))


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    opened = await Database.connect(postgres, Queries.load(QUERIES))
    yield opened
    await opened.close()


def limited(**limits: object) -> tuple[LicenseKey, Snapshot]:
    key = replace(KEY, status_post_url="http://customer.example/usage", limits=UsageLimits(**limits))  # type: ignore[arg-type]
    known = snapshot({NUMBER: "Hello."})
    return key, replace(known, license_keys={**known.license_keys, key.name: key})


def orders(count: int) -> list[Order]:
    return [Order(THEM, "Hello.", at=LATER) for _ in range(count)]


async def stored_calls(postgres: str) -> int:
    connection = await asyncpg.connect(postgres)
    try:
        count: int = await connection.fetchval("SELECT count(*) FROM calls")
        return count
    finally:
        await connection.close()


async def test_a_batch_is_taken_as_far_as_the_allowance_reaches_and_the_rest_is_refused_with_10(postgres: str) -> None:
    key, known = limited(calls_per_day=3)
    async with FakeAri() as fake, calls_room(fake, postgres, known) as room:
        await room.notifications.take(orders(1)[0], key)
        made = await room.notifications.take_all(orders(4), key)
        assert [type(each) for each in made] == [Taken, Taken, NotificationRefused, NotificationRefused]
        assert {each.code for each in made if isinstance(each, NotificationRefused)} == {
            ResponseCode.DEMO_ALLOWANCE_EXCEEDED
        }
        with pytest.raises(NotificationRefused) as refused:
            await room.notifications.take(orders(1)[0], key)
        assert refused.value.code == ResponseCode.DEMO_ALLOWANCE_EXCEEDED
    assert await stored_calls(postgres) == 3


async def test_an_allowance_is_a_rolling_day(postgres: str) -> None:
    key, known = limited(calls_per_day=1)
    async with FakeAri() as fake, calls_room(fake, postgres, known) as room:
        await room.notifications.take(orders(1)[0], key)
        connection = await asyncpg.connect(postgres)
        await connection.execute("UPDATE calls SET started_at = started_at - interval '23 hours 59 minutes'")
        with pytest.raises(NotificationRefused):
            await room.notifications.take(orders(1)[0], key)
        await connection.execute("UPDATE calls SET started_at = started_at - interval '2 minutes'")
        await connection.close()
        await room.notifications.take(orders(1)[0], key)


async def test_two_controllers_together_take_no_more_than_the_allowance(postgres: str) -> None:
    key, known = limited(calls_per_day=7)
    async with (
        FakeAri() as fake,
        FakeAri() as other,
        calls_room(fake, postgres, known) as first,
        calls_room(other, postgres, known, "another", asterisk="another") as second,
    ):
        batches = [room.notifications.take_all(orders(3), key) for room in (first, second) * 4]
        made = [each for batch in await asyncio.gather(*batches) for each in batch]
    assert sum(isinstance(each, Taken) for each in made) == 7
    assert await stored_calls(postgres) == 7


async def test_a_key_that_is_held_orders_nothing_and_its_waiting_calls_wait(postgres: str) -> None:
    key, known = limited()
    held, due = {key.name}, datetime.max.replace(tzinfo=UTC)
    asked_when_due = asyncio.Event()

    def holds(name: str) -> bool:
        if datetime.now(UTC) > due:
            asked_when_due.set()
        return name in held

    fake = FakeAri()
    async with fake, calls_room(fake, postgres, known, holds_key=holds) as room:
        with pytest.raises(NotificationRefused) as refused:
            await room.notifications.take(Order(THEM, "Hello."), key)
        assert refused.value.code == ResponseCode.ADMINISTRATIVE_HOLD
        held.clear()
        due = datetime.now(UTC) + timedelta(seconds=0.5)
        taken = await room.notifications.take(Order(THEM, "Hello.", at=due), key)
        held.add(key.name)
        for _ in range(2):  # the dialer has dealt with the first time when it asks again
            asked_when_due.clear()
            await asyncio.wait_for(asked_when_due.wait(), LONGEST_WAIT)
        assert fake.channels == {}
        held.clear()
        room.dialer.wake()
        await fake.until(lambda: any(str(taken.queue_id) in name for name in fake.channels))


async def test_texts_have_an_allowance_of_their_own_and_replies_are_always_sent(postgres: str) -> None:
    known = text_support.snapshot()
    key = replace(known.license_keys["acme"], limits=UsageLimits(texts_per_day=2))
    known = replace(known, license_keys={**known.license_keys, "acme": key})
    async with texts_room(postgres, known, sending=False) as room:
        order = TextOrder("acme", "2125550123", "hello")
        made = await room.queueing.queue([order, order, order])
        assert [type(each) for each in made] == [Queued, Queued, Refused]
        (refused,) = await room.queueing.queue([order])
        assert isinstance(refused, Refused)
        assert refused.reason is RefusalReason.ALLOWANCE
        assert await room.receive("STOP")
        assert await room.rows("SELECT FROM texts WHERE source = 'reply'")


class Mailbox:
    """It stands for a mail server."""

    sender = "ringpost@example.com"

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.arrived = asyncio.Event()

    async def hand_in(self, mail: EmailMessage) -> None:
        self.mails.append(mail)
        self.arrived.set()


def minutes(number: int, seconds: int, *, ago: timedelta = timedelta()) -> UsageRecord:
    at = datetime.now(UTC) - ago
    return UsageRecord(
        f"call:{number}", "acme", UsageProduct.CALL, seconds, at, "outgoing", number=THEM, route="carrier"
    )


async def test_a_hard_limit_of_money_holds_the_key_and_warns_once_whoever_looks(
    database: Database, postgres: str
) -> None:
    key, known = limited(money_per_day=MoneyLimit(Decimal(2), Decimal(5)), warn=("billing@example.com",))
    directory, mailbox = CurrentDirectory(known), Mailbox()
    watches = [
        UsageWatch(Standings(database), directory, CurrentPrices(PRICES), cast("MailServer", mailbox)) for _ in range(2)
    ]
    for watch in watches:
        await watch.look()
    assert not watches[0].holds(key.name)
    await write_usage(database, [minutes(1, 120), minutes(2, 600, ago=timedelta(hours=25))])
    for watch in watches:
        await watch.look()
    assert not watches[0].holds(key.name), "what is older than a day does not count"
    await write_usage(database, [minutes(3, 180)])
    task = asyncio.create_task(watches[0].run())
    try:
        for watch in watches:
            await watch.look()
        assert all(watch.holds(key.name) for watch in watches)
        assert not watches[0].holds("rival")
        async with asyncio.timeout(LONGEST_WAIT):
            await mailbox.arrived.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    connection = await asyncpg.connect(postgres)
    try:
        rows = await connection.fetch("SELECT event, url, body FROM postbacks ORDER BY number")
    finally:
        await connection.close()
    forms = [parse_qs(row["body"]) for row in rows]
    assert {(row["event"], row["url"]) for row in rows} == {("usage.threshold", "http://customer.example/usage")}
    assert [(form["Level"], form["Limit"], form["Of"]) for form in forms] == [
        (["soft"], ["money_per_day"], ["2"]),
        (["hard"], ["money_per_day"], ["5"]),
    ]


async def test_calls_in_progress_count_as_if_they_ended_now(database: Database, postgres: str) -> None:
    key, known = limited(minutes_per_day=10)
    watch = UsageWatch(Standings(database), CurrentDirectory(known), CurrentPrices(PRICES))
    await write_usage(database, [minutes(1, 300)])
    connection = await asyncpg.connect(postgres)
    try:
        await connection.execute(
            "INSERT INTO calls (queue_id, direction, license_key, our_number, their_number, channel_id, program, state,"
            " script_state, response_code, started_at, answered_at, legs, leg_number, leg_answered_at)"
            " VALUES (1, 'outgoing', 'acme', '', $1, 'c', 'h', 'transferred', '{}', 24, now(),"
            " now() - interval '200 seconds', 1, $1, now() - interval '50 seconds')",
            THEM,
        )
        standing = await Standings(database).of("acme", PRICES)
        assert 550 <= standing.seconds_in_day < 600
        await watch.look()
        assert not watch.holds(key.name)
        await connection.execute("UPDATE calls SET answered_at = answered_at - interval '60 seconds'")
        await watch.look()
        assert watch.holds(key.name)
    finally:
        await connection.close()
