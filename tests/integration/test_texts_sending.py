"""Sending on a real PostgreSQL: what is queued leaves once, with its true result, or never to who has opted out."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import pytest

from controller.directory.text_settings import QuietHours, TextSettings
from controller.texts.model.order import Queued, RefusalReason, Refused, TextOrder
from controller.texts.model.states import RETRY_SECONDS
from controller.texts.queueing import SLICE
from controller.texts.store import opt_outs, outbox
from controller.texts.store.opt_outs import OptOut
from controller.texts.store.outbox import Claims, Limit
from tests.support.patience import until
from tests.support.texts import (
    CUSTOMER,
    DID,
    NOON,
    OTHER_DID,
    PHONE_NUMBER,
    FakeAsterisk,
    TextsRoom,
    snapshot,
    texts_room,
)


def order(body: str = "hello", **changes: Any) -> TextOrder:
    return TextOrder(**{"license_key": "acme", "recipient": "2125550123", "body": body, **changes})


async def block(room: TextsRoom, number: str = CUSTOMER, key: str = "acme") -> None:
    async with room.database.transaction() as transaction:
        await opt_outs.opt_out(transaction, OptOut(key, number))


async def test_a_text_is_sent_through_the_trunk_and_its_acceptance_is_posted(postgres: str) -> None:
    async with texts_room(postgres) as room:
        (queued,) = await room.queueing.queue([order(sender=DID, reference_id="r1")])
        assert isinstance(queued, Queued)
        (sent,) = await room.asterisk.until_sent(1)
        assert (sent.to, sent.sender, sent.body, sent.text_id) == (
            f"pjsip:carrier/sip:{CUSTOMER}@192.0.2.1:5060",
            DID,
            "hello",
            queued.text_id,
        )
        (row,) = await room.until("SELECT * FROM texts WHERE state = 'accepted'")
        assert (row["sip_status"], row["tries"], row["segments"], row["route"]) == (202, 1, 1, "trunk:carrier")
        (postback,) = await room.postbacks()
        form = parse_qs(postback["body"])
        assert (postback["event"], postback["final"]) == ("text.accepted", True)
        assert (form["SMSSent"], form["ReferenceID"], form["MessageID"]) == (["1"], ["r1"], [str(queued.text_id)])
        assert await room.rows("SELECT * FROM text_outbox") == []


async def test_a_refusal_for_good_has_its_code(postgres: str) -> None:
    async with texts_room(postgres) as room:
        room.asterisk.answer = lambda _sent: 404
        await room.queueing.queue([order()])
        (row,) = await room.until("SELECT * FROM texts WHERE state = 'refused'")
        assert row["sip_status"] == 404
        (postback,) = await room.postbacks()
        assert parse_qs(postback["body"])["SMSSent"] == ["0"]


async def test_a_refusal_for_now_is_tried_again_later(postgres: str) -> None:
    async with texts_room(postgres) as room:
        room.asterisk.answer = lambda _sent: 503
        await room.queueing.queue([order()])
        (row,) = await room.until("SELECT *, due_at - now() AS wait FROM texts WHERE state = 'queued' AND tries = 1")
        assert 0 < row["wait"].total_seconds() <= RETRY_SECONDS[0]
        assert await room.postbacks() == []


async def test_a_demand_for_a_password_that_is_met_is_no_refusal(postgres: str) -> None:
    async with texts_room(postgres) as room:
        room.asterisk.answer = lambda _sent: 0
        await room.queueing.queue([order()])
        (sent,) = await room.asterisk.until_sent(1)
        room.asterisk.mirror("MESSAGE", sent)
        room.asterisk.mirror(401, sent)
        room.asterisk.mirror("MESSAGE", sent, cseq=2)
        room.asterisk.mirror(401, sent)  # the first one, once more
        room.asterisk.mirror(200, sent, cseq=2)
        (row,) = await room.until("SELECT * FROM texts WHERE state <> 'sending'")
        assert (row["state"], row["sip_status"]) == ("accepted", 200)


async def test_a_text_without_an_answer_is_unknown_and_not_sent_again(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.texts.sending.answers.ANSWER_SECONDS", 0.1)
    monkeypatch.setattr("controller.texts.sending.sender.SWEEP_SECONDS", 0.05)
    async with texts_room(postgres) as room:
        room.asterisk.answer = lambda _sent: 0
        await room.queueing.queue([order()])
        await room.until("SELECT * FROM texts WHERE state = 'unknown'")
        assert len(room.asterisk.sent) == 1
        sent, receipt = await room.postbacks()
        assert (sent["event"], sent["final"]) == ("text.unknown", False)
        assert (receipt["event"], receipt["final"]) == ("text.receipt", True)
        assert parse_qs(receipt["body"])["Code"] == ["999"]


async def test_a_text_whose_sender_died_is_unknown_and_not_sent_again(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.texts.sending.sender.SWEEP_SECONDS", 0.05)
    async with texts_room(postgres, sending=False) as room:
        await room.queueing.queue([order()])
        claims = Claims(uuid4(), lease_seconds=0.0)
        async with room.database.transaction() as transaction:
            claim = await claims.take(transaction, (), (), in_all=10, of_a_lane=10)
        assert len(claim.texts) == 1
    async with texts_room(postgres) as room:
        await room.until("SELECT * FROM texts WHERE state = 'unknown'")
        assert room.asterisk.sent == []


async def test_what_was_claimed_and_not_handed_over_is_given_back_at_the_end(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.texts.sending.sender.HANDOVERS_AT_ONCE", 0)
    async with texts_room(postgres) as room:
        await room.queueing.queue([order()])
        await room.until("SELECT * FROM texts WHERE state = 'sending'")
    async with texts_room(postgres, sending=False) as room:
        (row,) = await room.rows("SELECT * FROM texts JOIN text_outbox USING (text_id)")
        assert (row["state"], row["tries"]) == ("queued", 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"license_key": "nobody"}, RefusalReason.KEY_INVALID),
        ({"license_key": "mute"}, RefusalReason.KEY_INVALID),
        ({"recipient": "12"}, RefusalReason.NUMBER_INVALID),
        ({"recipient": "911"}, RefusalReason.NUMBER_INVALID),
        ({"recipient": "9005550100"}, RefusalReason.NUMBER_INVALID),
        ({"body": ""}, RefusalReason.MESSAGE_INVALID),
        ({"body": "x" * 1601}, RefusalReason.MESSAGE_INVALID),
        ({"sender": "+12015550103"}, RefusalReason.DID_INVALID),
        ({"sender": "nonsense"}, RefusalReason.DID_INVALID),
        ({"at": datetime(2026, 6, 1)}, RefusalReason.NOT_UTC),  # noqa: DTZ001
        ({"at": datetime(2030, 6, 1, tzinfo=UTC)}, RefusalReason.NOT_UTC),
    ],
)
async def test_what_cannot_be_sent_is_refused_with_the_reason(
    postgres: str, changes: dict[str, Any], reason: RefusalReason
) -> None:
    async with texts_room(postgres, sending=False) as room:
        (refusal,) = await room.queueing.queue([order(**changes)])
        assert isinstance(refusal, Refused)
        assert refusal.reason is reason
        assert await room.rows("SELECT * FROM texts") == []


async def test_while_many_texts_are_prepared_the_event_loop_turns(postgres: str) -> None:
    """A list of 50,000 numbers takes seconds to prepare, in which calls must get on."""
    turns, prepared_in = 0, Counter[int]()
    loop = asyncio.get_running_loop()

    def turn() -> None:
        nonlocal turns
        turns += 1
        if turns < 10_000:
            loop.call_soon(turn)

    def clock() -> datetime:
        prepared_in[turns] += 1
        return NOON

    async with texts_room(postgres, now=clock, sending=False) as room:
        prepared_in.clear()
        loop.call_soon(turn)
        answers = await room.queueing.queue([order(recipient=f"212555{n:04}") for n in range(5 * SLICE)])
        turns = 10_000
    assert all(isinstance(answer, Queued) for answer in answers)
    assert sum(prepared_in.values()) == 5 * SLICE
    assert max(prepared_in.values()) == SLICE


async def test_a_text_to_who_has_opted_out_is_refused_and_the_others_are_queued(postgres: str) -> None:
    async with texts_room(postgres) as room:
        await block(room)
        answers = await room.queueing.queue(
            [order("no"), order("yes", recipient="2125550124"), order("other", license_key="rival")]
        )
        assert [type(answer) for answer in answers] == [Refused, Queued, Queued]
        await room.asterisk.until_sent(2)
        assert {sent.body for sent in room.asterisk.sent} == {"yes", "other"}


async def test_a_stop_between_queueing_and_sending_blocks_the_text(postgres: str) -> None:
    async with texts_room(postgres, sending=False) as room:
        await room.queueing.queue([order()])
        await block(room)
    async with texts_room(postgres) as room:
        await room.until("SELECT * FROM texts WHERE state = 'blocked'")
        assert room.asterisk.sent == []
        (postback,) = await room.postbacks()
        assert parse_qs(postback["body"])["SMSSent"] == ["0"]


async def test_a_text_is_cancelled_while_it_waits_and_not_after(postgres: str) -> None:
    async with texts_room(postgres) as room:
        later, now = await room.queueing.queue(
            [order("later", at=datetime.now(UTC) + timedelta(hours=1)), order("now")]
        )
        assert isinstance(later, Queued)
        assert isinstance(now, Queued)
        await room.until("SELECT * FROM texts WHERE state = 'accepted'")
        async with room.database.transaction() as transaction:
            assert await outbox.cancel(transaction, now.text_id) is None
            assert await outbox.cancel(transaction, later.text_id) is not None
            assert await outbox.cancel(transaction, later.text_id) is None
        assert await room.states() == {"later": "cancelled", "now": "accepted"}


async def test_the_same_id_is_the_same_text(postgres: str) -> None:
    async with texts_room(postgres) as room:
        text_id = uuid4()
        for _ in range(2):
            (answer,) = await room.queueing.queue([order(text_id=text_id)])
            assert isinstance(answer, Queued)
        await room.until("SELECT * FROM texts WHERE state = 'accepted'")
        await room.queueing.queue([order(text_id=text_id)])
        assert len(room.asterisk.sent) == 1


async def test_without_a_sender_the_dids_take_turns(postgres: str) -> None:
    async with texts_room(postgres, sending=False) as room:
        answers = await room.queueing.queue([order() for _ in range(4)])
        senders = [answer.sender for answer in answers if isinstance(answer, Queued)]
        assert Counter(senders) == {DID: 2, OTHER_DID: 2}
        assert senders[0] != senders[1]


async def test_a_text_for_a_phone_waits_until_it_registers(postgres: str) -> None:
    asterisk = FakeAsterisk()
    asterisk.online.remove("alice")
    async with texts_room(postgres, asterisk=asterisk, now=lambda: datetime.now(UTC)) as room:
        await room.queueing.queue([order("to the phone", recipient=PHONE_NUMBER), order("to the trunk")])
        (sent,) = await asterisk.until_sent(1)
        assert sent.body == "to the trunk"
        asterisk.register("alice")
        _, sent = await asterisk.until_sent(2)
        assert (sent.to, sent.body) == ("pjsip:alice", "to the phone")


async def test_a_phone_that_leaves_at_that_moment_is_waited_for(postgres: str) -> None:
    async with texts_room(postgres, now=lambda: datetime.now(UTC)) as room:
        room.asterisk.gone.add("alice")  # and nobody has told yet
        await room.queueing.queue([order(recipient=PHONE_NUMBER)])
        (row,) = await room.until("SELECT * FROM texts WHERE state = 'queued' AND due_at IS NOT NULL")
        assert row["tries"] == 0


async def test_a_phone_that_never_registers_ends_the_waiting(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.texts.sending.sender.SWEEP_SECONDS", 0.05)
    asterisk = FakeAsterisk()
    asterisk.online.remove("alice")
    async with texts_room(postgres, asterisk=asterisk, now=lambda: datetime.now(UTC) - timedelta(hours=25)) as room:
        await room.queueing.queue([order(recipient=PHONE_NUMBER)])
        await room.until("SELECT * FROM texts WHERE state = 'expired'")
        assert asterisk.sent == []
        (postback,) = await room.postbacks()
        assert parse_qs(postback["body"])["SMSSent"] == ["0"]


async def test_quiet_hours_hold_a_text_and_its_state_says_until_when(postgres: str) -> None:
    known = snapshot(settings=TextSettings(quiet_hours=QuietHours()))
    night = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)  # midnight in New York
    async with texts_room(postgres, known, now=lambda: night) as room:
        await room.queueing.queue([order("held"), order("urgent", transactional=True)])
        (row,) = await room.until("SELECT * FROM texts WHERE state = 'held'")
        assert (row["body"], row["due_at"]) == ("held", datetime(2026, 6, 1, 12, 0, tzinfo=UTC))
        # For the database, which has the true time, both are due; for the recipient it is night still.
        await room.until("SELECT * FROM texts WHERE body = 'urgent' AND state = 'accepted'")
        assert [sent.body for sent in room.asterisk.sent] == ["urgent"]


async def test_a_late_text_is_held_when_the_quiet_hours_have_begun(postgres: str) -> None:
    known = snapshot(settings=TextSettings(quiet_hours=QuietHours()))
    clock = [NOON]
    async with texts_room(postgres, known, now=lambda: clock[0], sending=False) as room:
        await room.queueing.queue([order()])
        assert (await room.states())["hello"] == "queued"
    night = datetime(2026, 6, 2, 4, 0, tzinfo=UTC)
    async with texts_room(postgres, known, now=lambda: night) as room:
        (row,) = await room.until("SELECT *, due_at - now() AS wait FROM texts WHERE state = 'held'")
        assert timedelta(hours=7) < row["wait"] <= timedelta(hours=8)
        assert (room.asterisk.sent, row["tries"], row["sent_at"]) == ([], 0, None)


async def claim(room: TextsRoom, limits: list[Limit], *, in_all: int = 100, of_a_lane: int = 50) -> list[str]:
    async with room.database.transaction() as transaction:
        taken = await Claims(uuid4(), 60.0).take(transaction, limits, (), in_all=in_all, of_a_lane=of_a_lane)
    return [text.body for text in taken.texts]


async def test_a_key_with_a_long_queue_holds_no_other_one_up(postgres: str) -> None:
    async with texts_room(postgres, sending=False) as room:
        await room.queueing.queue([order(f"acme {n}", sender=DID) for n in range(300)])
        await room.queueing.queue([order(f"rival {n}", license_key="rival") for n in range(3)])
        first = await claim(room, [], in_all=6)
        assert Counter(body.split()[0] for body in first) == {"acme": 3, "rival": 3}


async def test_the_order_of_a_lane_is_kept(postgres: str) -> None:
    async with texts_room(postgres, sending=False) as room:
        for n in range(5):
            await room.queueing.queue([order(f"{n}", sender=DID)])
        assert sorted(await claim(room, [], in_all=3)) == ["0", "1", "2"]


@pytest.mark.parametrize("scope", [f"did:{DID}", "key:acme", "trunk:carrier"])
async def test_a_window_lets_so_many_through_and_no_more(postgres: str, scope: str) -> None:
    async with texts_room(postgres, sending=False) as room:
        await room.queueing.queue([order(f"{n}", sender=DID) for n in range(10)])
        limits = [Limit(scope, 4, 3600.0), Limit(scope, 7, 7200.0)]
        assert len(await claim(room, limits, in_all=3)) == 3
        assert len(await claim(room, limits)) == 1
        assert await claim(room, limits) == []
        await room.rows("UPDATE text_pace SET at = at - interval '61 minutes'")
        assert len(await claim(room, limits)) == 3
        assert await claim(room, limits) == []


async def test_no_rolling_window_is_overfilled_by_two_controllers(postgres: str) -> None:
    known = snapshot(did={"texts_per_minute": None}, trunk={"texts_per_second": 10.0})
    arrivals: list[float] = []
    first, second = FakeAsterisk(), FakeAsterisk()
    for asterisk in (first, second):

        def answer(_sent: object) -> int:
            arrivals.append(asyncio.get_running_loop().time())
            return 202

        asterisk.answer = answer
    async with texts_room(postgres, known, asterisk=first) as room, texts_room(postgres, known, asterisk=second):
        await room.queueing.queue([order(f"{n}", sender=DID) for n in range(25)])
        await until(lambda: len(arrivals) >= 25)
    assert len({sent.text_id for asterisk in (first, second) for sent in asterisk.sent}) == 25
    # Seen on the wire; the window is a little longer, so that it holds there.
    assert all(later - earlier > 1.0 for earlier, later in zip(arrivals, arrivals[10:], strict=False))


async def test_a_did_without_room_holds_up_no_other_did(postgres: str) -> None:
    async with texts_room(postgres, sending=False) as room:
        await room.queueing.queue([order("limited", sender=DID) for _ in range(100)])
        await room.queueing.queue([order("free", sender=OTHER_DID)])
        assert Counter(await claim(room, [Limit(f"did:{DID}", 1, 60.0)])) == {"limited": 1, "free": 1}


async def test_texts_of_a_key_at_a_limit_wait_until_it_is_below_and_confirmations_do_not(postgres: str) -> None:
    held: set[str] = set()
    async with texts_room(postgres, sending=False, held_keys=lambda: held) as room:
        await room.queueing.queue([order("one"), order("two")])
        await room.queueing.queue([TextOrder("rival", "2125550199", "of another key")])
        held.add("acme")
        sending = asyncio.create_task(room.sender.run())
        try:
            assert await room.receive("STOP", sender="<sip:+12125550177@192.0.2.1>")
            sent = await room.asterisk.until_sent(2)
            assert {each.sender for each in sent} == {DID, "+12015550103"}
            assert "one" not in {each.body for each in sent}
            assert (await room.states())["two"] == "queued"
            held.clear()
            room.sender.wake()
            bodies = [each.body for each in await room.asterisk.until_sent(4)]
            assert Counter(bodies)["one"] == Counter(bodies)["two"] == 1
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
