"""Calling hours on orders: a call waits for the hours of who is called, or is refused, at each try anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.calls.model.order import Order
from controller.calls.store.call_lookup import CallFilter
from controller.directory.calling_hours import CallingHours
from controller.directory.snapshot import LicenseKey
from controller.directory.text_settings import QuietHours
from controller.errors import NotificationRefused
from tests.support.calls import KEY, CallsRoom, calls_room
from tests.support.fake_ari import FakeAri
from tests.support.outgoing import THEM, directory, over
from tests.support.patience import until

NEW_YORK = ZoneInfo("America/New_York")


def later(*, refuse: bool = False) -> LicenseKey:
    """A key whose calls may ring in two hours from now, by the clock of THEM, for an hour."""
    now = datetime.now(NEW_YORK)
    opens, closes = ((now + timedelta(hours=hours)).time().replace(second=0, microsecond=0) for hours in (2, 3))
    return replace(KEY, calling_hours=CallingHours(QuietHours(opens, closes), refuse=refuse))


async def due_at(room: CallsRoom, queue_id: int) -> datetime | None:
    assert await room.journal.flush()
    (row,) = await room.lookup.find(CallFilter(queue_id=queue_id, limit=9))
    return row.due_at


async def test_a_call_that_is_ordered_out_of_hours_is_due_when_they_begin(postgres: str) -> None:
    key = later()
    async with FakeAri() as fake, calls_room(fake, postgres, directory(key)) as room:
        taken = await room.notifications.take(Order(THEM, "Hello"), key)
        due = await due_at(room, taken.queue_id)
        assert due is not None
        assert due > datetime.now(UTC) + timedelta(hours=1)
        assert key.calling_hours is not None
        assert key.calling_hours.held(THEM, due) is None


async def test_a_call_that_may_not_wait_is_refused_with_its_code(postgres: str) -> None:
    key = later(refuse=True)
    async with FakeAri() as fake, calls_room(fake, postgres, directory(key)) as room:
        with pytest.raises(NotificationRefused) as refused:
            await room.notifications.take(Order(THEM, "Hello"), key)
        assert refused.value.code == 33
        assert await room.lookup.find(CallFilter(limit=9)) == []


@pytest.mark.parametrize("refuse", [False, True])
async def test_the_hours_are_looked_at_again_before_each_try(postgres: str, refuse: bool) -> None:
    key = later(refuse=refuse)
    async with FakeAri() as fake, calls_room(fake, postgres, directory(KEY)) as room:
        room.dialer.is_connected = lambda: False  # so that the call waits for the hours to be set
        taken = await room.notifications.take(Order(THEM, "Hello"), KEY)
        room.directory.replace(directory(key))
        room.dialer.is_connected = lambda: True
        room.dialer.wake()
        if refuse:
            assert (await over(room, taken.queue_id, timeout=60))[-1] == 33
        else:

            async def waits() -> bool:
                due = await due_at(room, taken.queue_id)
                return due is not None and due >= datetime.now(UTC)

            await until(waits)
            (held,) = [fields for event, fields in await room.trace(taken.queue_id) if event == "held"]
            assert datetime.fromisoformat(held["until"]) > datetime.now(UTC) + timedelta(hours=1)
        assert not fake.channels
