"""Outgoing calls on a scripted Asterisk and a real PostgreSQL: which are taken, when they are dialled, how they end."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.calls.model.order import Order
from controller.calls.store.call_lookup import CallFilter
from controller.directory.snapshot import LicenseKey, Trunk
from controller.errors import NotificationRefused
from tests.support.calls import KEY, calls_room, snapshot
from tests.support.fake_ari import FakeAri
from tests.support.fake_switch import FakeChannel
from tests.support.outgoing import FAST, THEM, directory, over, somebody
from tests.support.patience import LONGEST_WAIT, until
from tests.support.sql import sql

SLOW = replace(FAST, calls_per_second=4)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (Order("555-1000", "Hello"), 3),
        (Order(THEM, "Hello", caller_id="12"), 4),
        (Order(THEM, "Hello", caller_id="2015550199"), 4),
        (Order(THEM, "Hello", caller_id="1 (201) 555-0188"), 13),
        (Order(THEM, "Hello", transfer_number="x"), 6),
        (Order(THEM, "Hello", transfer_number="9005550199"), 6),
        (Order("1-900-555-0199", "Hello"), 28),
        (Order("+449098790000", "Hello"), 28),
        (Order("+442079460958", "Hello"), 28),
        (Order("+4590123456", "Hello"), 28),
        (Order("1-876-555-0100", "Hello"), 28),
        (Order(THEM, r"~\GetDigits(num|6)~ ~\TransferTo([num])~"), 28),
        (Order(THEM, "~\\TransferTo(18765550100)~"), 28),
        (Order(THEM, "Hello ~^nothere~"), 23),
        (Order(THEM, "Hello", voice=14), 5),
    ],
)
async def test_a_call_that_cannot_be_made_is_refused_with_its_code(postgres: str, order: Order, code: int) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        room.prompts.missing.add("sound:nothere")
        with pytest.raises(NotificationRefused) as refused:
            await room.notifications.take(order, KEY)
        assert refused.value.code == code
        assert await room.lookup.find(CallFilter(limit=9)) == []


async def test_a_voice_that_the_operator_has_added_may_be_named(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory(), added_voices=[14]) as room:
        taken = await room.notifications.take(Order(THEM, "Hello", voice=14), KEY)
        assert [call.queue_id for call in await room.lookup.find(CallFilter(limit=9))] == [taken.queue_id]


async def test_a_key_that_is_not_for_calls_places_none(postgres: str) -> None:
    texts_only = replace(KEY, products=frozenset({"sms"}))
    async with FakeAri() as fake, calls_room(fake, postgres, directory(texts_only)) as room:
        with pytest.raises(NotificationRefused) as refused:
            await room.notifications.take(Order(THEM, "Hello"), texts_only)
        assert refused.value.code == 14


async def test_a_script_with_mistakes_is_refused_only_where_that_is_wanted(postgres: str) -> None:
    script = r"Hello ~\NoCommand()~"
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        with pytest.raises(NotificationRefused) as refused:
            await room.notifications.take(Order(THEM, script), KEY, strict=True)
        assert [(each.line, each.column, each.code) for each in refused.value.mistakes] == [(1, 7, "unknown-command")]
        taken = await room.notifications.take(Order(THEM, script), KEY)
        assert [each.code for each in taken.mistakes] == ["unknown-command"]


async def test_a_call_is_dialled_answered_and_said_to(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        fake.on_originate = lambda channel: (fake.ringing(channel.id), fake.answer(channel.id))  # type: ignore[assignment,func-returns-value]
        taken = await room.notifications.take(Order(THEM, r"~\QuickStart()~ Hello."), KEY)
        assert await over(room, taken.queue_id) == [12, 18, 21, 1]
        assert fake.played == ["say:Hello."]
        (channel,) = fake.gone.values()
        assert channel.id == f"ringpost-{taken.queue_id}-try-1"
        assert channel.originate_query["endpoint"] == "PJSIP/+12015550188@carrier"
        assert channel.variables["TIMEOUT(absolute)"] == "90"
        assert channel.originate_query["timeout"] == "60"


async def test_calls_begin_no_faster_than_their_trunk_allows(postgres: str) -> None:
    times: list[float] = []

    async with FakeAri() as fake, calls_room(fake, postgres, directory(trunk=SLOW)) as room:

        def busy(channel: FakeChannel) -> None:
            times.append(asyncio.get_running_loop().time())
            fake.reject(channel.id)

        fake.on_originate = busy
        taken = [await room.notifications.take(Order(somebody(index), "Hello"), KEY) for index in range(6)]
        for one in taken:
            assert (await over(room, one.queue_id))[-1] == 8
    assert times[-1] - times[0] >= 5 / 4 - 0.15


async def test_a_trunk_has_no_more_calls_than_channels_those_that_come_in_included(postgres: str) -> None:
    trunk = Trunk("fake", "127.0.0.2", calls_per_second=1000, channels=2)  # the scripted channels are of this endpoint
    known = replace(snapshot({"+12015550101": r"~\WaitForDTMF(60)~"}), trunks={"fake": trunk})
    async with FakeAri() as fake, calls_room(fake, postgres, known) as room:
        came_in = fake.incoming_call()
        await room.started()
        for index in range(3):
            await room.notifications.take(Order(somebody(index), r"~\QuickStart()~ Hello."), KEY)
        await fake.until(lambda: len(fake.channels) == 2)
        fake.hang_up(came_in)
        await fake.until(lambda: len(fake.channels) == 2 and came_in in fake.gone)
        assert room.live.on_route("fake") == 2

        async def three_are_open() -> bool:
            return len(await room.lookup.find(CallFilter(open_only=True, limit=9))) == 3

        await until(three_are_open)  # the end of the call that came in is stored a moment later


async def test_a_key_with_many_calls_holds_no_other_key_up(postgres: str) -> None:
    other = LicenseKey("other", "7f6c1a52-0000-4000-8000-000000000002", frozenset({"phone"}))
    order: list[str] = []
    trunk = replace(FAST, channels=1)
    async with FakeAri() as fake, calls_room(fake, postgres, directory(KEY, other, trunk=trunk)) as room:

        def busy(channel: FakeChannel) -> None:
            order.append(channel.originate_query["endpoint"].partition("@")[0])
            asyncio.get_running_loop().call_later(0.01, fake.reject, channel.id)

        fake.on_originate = busy
        taken = [await room.notifications.take(Order(somebody(index), "Hello"), KEY) for index in range(10)]
        taken += [await room.notifications.take(Order(somebody(100 + index), "Hello"), other) for index in range(3)]
        for one in taken:
            await over(room, one.queue_id, timeout=20)
    late = [place for place, number in enumerate(order) if number.startswith("PJSIP/+12015560" + "10")]
    assert late[-1] < len(order) - 2, order


async def test_a_key_has_no_more_calls_at_one_time_than_it_may(postgres: str) -> None:
    key = replace(KEY, max_calls=1)
    async with FakeAri() as fake, calls_room(fake, postgres, directory(key)) as room:
        for index in range(3):
            await room.notifications.take(Order(somebody(index), "Hello"), key)
        await fake.until(lambda: len(fake.channels) == 1)
        for gone in range(3):
            assert len(fake.channels) == 1
            fake.reject(next(iter(fake.channels)))
            await fake.until(lambda gone=gone: len(fake.gone) == gone + 1 and (gone == 2 or len(fake.channels) == 1))  # type: ignore[misc]


async def test_a_call_is_not_dialled_before_its_time(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        fake.on_originate = lambda channel: fake.reject(channel.id)
        soon = datetime.now(UTC) + timedelta(seconds=1)
        began = asyncio.get_running_loop().time()
        taken = await room.notifications.take(Order(THEM, "Hello", at=soon), KEY)
        assert await over(room, taken.queue_id) == [12, 8]
        assert asyncio.get_running_loop().time() - began >= 0.9


async def test_nobody_is_called_to_hear_what_cannot_be_said(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        room.prompts.missing.add("say:Hello.")
        taken = await room.notifications.take(Order(THEM, "Hello."), KEY)
        assert await over(room, taken.queue_id) == [32]
        assert not fake.gone


async def test_a_phone_that_is_not_registered_is_tried_again(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        fake.on_originate = lambda channel: fake.reject(channel.id)
        fake.refuse("POST", "channels/create", status=500)
        taken = await room.notifications.take(Order("+12015550110", "Hello", tries=2, next_try_seconds=1), KEY)
        assert await over(room, taken.queue_id) == [0, 12, 8]


async def test_a_handler_that_fails_ends_the_call_and_hangs_up(
    postgres: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        fake.on_originate = lambda channel: fake.ringing(channel.id)

        def broken(*_: object) -> bool:
            raise RuntimeError("broken")

        monkeypatch.setattr("controller.calls.outgoing.attempts.is_answer", broken)
        taken = await room.notifications.take(Order(THEM, "Hello"), KEY)
        assert await over(room, taken.queue_id) == [12, 9]
        await fake.until(lambda: not fake.channels)


async def test_a_call_whose_key_or_trunk_is_no_longer_configured_comes_to_an_end(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        room.dialer.is_connected = lambda: False
        taken = await room.notifications.take(Order(THEM, "Hello"), KEY)
    other = LicenseKey("other", "7f6c1a52-0000-4000-8000-000000000002", frozenset({"phone"}))
    async with FakeAri() as fake, calls_room(fake, postgres, directory(other)) as room:
        assert (await over(room, taken.queue_id))[-1:] == [14]
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        room.dialer.is_connected = lambda: False
        taken = await room.notifications.take(Order(THEM, "Hello"), KEY)
    async with FakeAri() as fake, calls_room(fake, postgres, replace(directory(), trunks={})) as room:
        assert (await over(room, taken.queue_id))[-1:] == [28]


async def test_calls_of_a_key_that_is_gone_end_together(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        room.dialer.is_connected = lambda: False
        taken = [await room.notifications.take(Order(somebody(index), "Hello"), KEY) for index in range(40)]
    other = LicenseKey("other", "7f6c1a52-0000-4000-8000-000000000002", frozenset({"phone"}))
    async with FakeAri() as fake, calls_room(fake, postgres, directory(other)) as room:
        for one in taken:
            assert await over(room, one.queue_id, timeout=5) == [14]


async def test_keys_take_turns_on_each_trunk_by_itself(postgres: str) -> None:
    both = ("+1", "+44")
    other = LicenseKey("other", "7f6c1a52-0000-4000-8000-000000000002", frozenset({"phone"}), prefixes=both)
    acme = replace(KEY, prefixes=both)
    one = Trunk("one", "127.0.0.2", prefixes=("+1",), calls_per_second=20)
    two = Trunk("two", "127.0.0.3", prefixes=("+44",), calls_per_second=20)
    known = replace(directory(acme, other), trunks={"one": one, "two": two})
    dialled: list[str] = []
    async with FakeAri() as fake, calls_room(fake, postgres, known) as room:

        def busy(channel: FakeChannel) -> None:
            dialled.append(channel.originate_query["endpoint"])
            fake.reject(channel.id)

        fake.on_originate = busy
        room.dialer.is_connected = lambda: False  # until all are queued
        taken = []
        for index in range(12):
            taken.append(await room.notifications.take(Order(somebody(index), "Hello"), acme))
            taken.append(await room.notifications.take(Order(f"+4420794601{index:02}", "Hello"), other))
        ours = [Order(f"+4420794600{index:02}", "Hello") for index in range(4)]
        taken += [await room.notifications.take(order, acme) for order in ours]
        room.dialer.is_connected = lambda: True
        for each in taken:
            await over(room, each.queue_id, timeout=20)
    through_two = ["ours" if "794600" in endpoint else "other" for endpoint in dialled if endpoint.endswith("two")]
    # A call that is late for its slot takes another one, and may change places with the next.
    assert through_two[:10].count("ours") == 4, through_two


async def test_a_reload_that_moves_a_number_to_another_trunk_counts_its_pace(postgres: str) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=4)  # after the reload, on a slow machine too
    new = replace(FAST, name="new", channels=1)
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        for index in range(4):
            await room.notifications.take(Order(somebody(index), "Hello", at=soon), KEY)
        room.directory.replace(replace(directory(), trunks={"carrier": replace(FAST, prefixes=("+44",)), "new": new}))
        for _ in range(4):
            await until(lambda: (len(fake.channels), room.live.on_route("new")) == (1, 1))
            fake.reject(next(iter(fake.channels)))
        rows = await room.lookup.find(CallFilter(limit=9))
        assert {row.tries for row in rows} == {1}


async def test_a_cancelled_call_is_told_to_who_watches_and_in_its_trace(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        later = datetime.now(UTC) + timedelta(hours=1)
        taken = await room.notifications.take(Order(THEM, "Hello", at=later), KEY)
        with room.feed.watch() as happenings:
            assert await room.notifications.cancel(taken.queue_id)
            told = await asyncio.wait_for(happenings.get(), LONGEST_WAIT)
        assert (told.call.queue_id, told.line.event) == (taken.queue_id, "end")
        assert told.line.fields == {"reason": "cancelled"}
        assert await room.trace(taken.queue_id) == [("end", {"reason": "cancelled"})]


async def test_a_conversation_lasts_as_long_as_the_call_may(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.calls.line.line.LONGEST_WAIT_SECONDS", 0.1)
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        fake.on_originate = lambda channel: fake.answer(channel.id)
        script = r"~\QuickStart()~ ~\TransferTo(12015550130)~"
        taken = await room.notifications.take(Order(THEM, script, max_call_seconds=1), KEY)
        began = asyncio.get_running_loop().time()
        assert await over(room, taken.queue_id) == [12, 21, 24, 24]
        assert asyncio.get_running_loop().time() - began >= 1.0


async def test_a_call_is_either_cancelled_or_dialled_never_both(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        fake.on_originate = lambda channel: fake.reject(channel.id)

        async def order_and_cancel(index: int) -> tuple[int, bool]:
            taken = await room.notifications.take(Order(somebody(index), "Hello"), KEY)
            await asyncio.sleep(0.002 * index)  # some come before the dialer, some with it, some after
            return taken.queue_id, await room.notifications.cancel(taken.queue_id)

        results = await asyncio.gather(*(order_and_cancel(index) for index in range(50)))
        over_already = await room.notifications.take(Order(THEM, "Hello"), KEY)
        await over(room, over_already.queue_id)
        results.append((over_already.queue_id, await room.notifications.cancel(over_already.queue_id)))
        ends: Counter[int] = Counter()
        for queue_id, cancelled in results:
            codes = await over(room, queue_id)
            assert codes == ([22] if cancelled else [12, 8])
            ends[cancelled] += 1
        assert ends[True]
        assert ends[False]


async def test_what_was_asked_for_leaves_with_its_call(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        fake.on_originate = lambda channel: fake.reject(channel.id)
        taken = await room.notifications.take(Order(THEM, "Hello"), KEY)
        await over(room, taken.queue_id)
        assert await room.database.fetchval("remove_old_calls", -86_400.0, 100) == 1
        assert await sql(room.database, "SELECT 1 FROM notifications") == []


async def test_a_controller_that_stops_gives_back_what_it_has_not_dialled(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, directory()) as room:
        rendering = asyncio.Event()

        async def never(_program: object, _voice: int) -> None:
            rendering.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(room.prompts, "prepare", never)
        taken = await room.notifications.take(Order(THEM, "Hello"), KEY)
        await asyncio.wait_for(rendering.wait(), LONGEST_WAIT)
        room.dialer.is_connected = lambda: False  # as in the service, the dialer stops first
        await room.live.close()
        assert await room.journal.flush()
        (row,) = await room.lookup.find(CallFilter(queue_id=taken.queue_id, limit=1))
        assert (row.tries, row.due_at is not None, row.ended_at) == (0, True, None)


async def test_the_next_trunk_is_taken_when_one_fails_and_a_busy_callee_is_left_in_peace(postgres: str) -> None:
    first = replace(FAST, name="first", prefixes=("+1201",))
    known = replace(directory(), trunks={"second": replace(FAST, name="second"), "first": first})
    through: list[str] = []
    async with FakeAri() as fake, calls_room(fake, postgres, known) as room:

        def answer(channel: FakeChannel) -> None:
            trunk = channel.originate_query["endpoint"].partition("@")[2]
            through.append(trunk)
            fake.reject(channel.id, cause=17 if trunk == "second" else 34)

        fake.on_originate = answer
        taken = await room.notifications.take(Order(THEM, "Hello"), KEY)
        assert await over(room, taken.queue_id) == [12, 0, 12, 8]
        assert through == ["first", "second"], "busy is not tried through another trunk"
        (call,) = await room.lookup.find(CallFilter(queue_id=taken.queue_id, limit=1))
        assert call.tries == 1, "a trunk that fails costs no try"
        through.clear()
        for index in range(2):
            await over(room, (await room.notifications.take(Order(somebody(index), "Hello"), KEY)).queue_id)
        through.clear()
        resting = await room.notifications.take(Order(somebody(9), "Hello"), KEY)
        assert await over(room, resting.queue_id) == [12, 8]
        assert through == ["second"], "a trunk that failed three times in a row is left alone"


async def test_when_all_trunks_fail_the_call_has_failed(postgres: str) -> None:
    known = replace(directory(), trunks={name: replace(FAST, name=name) for name in ("one", "two")})
    through: list[str] = []
    async with FakeAri() as fake, calls_room(fake, postgres, known) as room:

        def congested(channel: FakeChannel) -> None:
            through.append(channel.originate_query["endpoint"].partition("@")[2])
            fake.reject(channel.id, cause=34)

        fake.on_originate = congested
        taken = await room.notifications.take(Order(THEM, "Hello", tries=2, next_try_seconds=1), KEY)
        assert await over(room, taken.queue_id, timeout=20) == [12, 0, 12, 0, 12, 0, 12, 34]
        assert through == ["one", "two", "two", "one"] or through == ["one", "two"] * 2
