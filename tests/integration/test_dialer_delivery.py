"""What becomes of a message of the Dialer on a call, and what its sender is told of it."""

from __future__ import annotations

from pathlib import Path

from tests.support.dialer import Answered, Dialer, dialer, request, snapshot
from tests.support.fake_ari import FakeAri
from tests.support.fake_switch import FakeChannel
from tests.support.outgoing import over
from tests.support.sql import sql

PASSED = ("PASS", "ALL CHECKS PASSED")
NOT_DELIVERED = ("FAIL", "MESSAGE COULD NOT BE DELIVERED")


def answering(fake: FakeAri) -> None:
    def answer(channel: FakeChannel) -> None:
        fake.ringing(channel.id)
        fake.answer(channel.id)
        fake.talk_started(channel.id)
        fake.talk_finished(channel.id, 400)

    fake.on_originate = answer


async def ended(room: Dialer, answer: Answered) -> tuple[tuple[str, str], dict[str, str]]:
    """What is answered once the call is over, and what its trace says was set."""
    await over(room.room, answer.json["meta"]["confirmation"], timeout=20)
    asked = await room.status(answer.template)
    assert "continuations" not in asked.json
    trace = await room.room.trace(answer.json["meta"]["confirmation"])
    return asked.result, {fields["name"]: fields["value"] for event, fields in trace if event == "set"}


async def test_a_message_that_a_human_hears_to_its_end_is_delivered(postgres: str, tmp_path: Path) -> None:
    fake = FakeAri()
    answering(fake)
    async with dialer(postgres, tmp_path, fake=fake) as room:
        result, told = await ended(room, await room.send(request()))
    assert (result, told) == (PASSED, {"delivered": "to-end", "deliveredto": "human"})
    assert fake.played == ["sound:test.message"]


async def test_a_message_that_nobody_could_hear_is_not_delivered(postgres: str, tmp_path: Path) -> None:
    fake = FakeAri()
    fake.missing_media.add("sound:test.message")
    answering(fake)
    async with dialer(postgres, tmp_path, fake=fake) as room:
        result, told = await ended(room, await room.send(request()))
    assert (result, told) == (NOT_DELIVERED, {"notdelivered": "Asterisk could not play it"})


async def test_a_message_whose_sound_does_not_go_out_is_not_delivered(postgres: str, tmp_path: Path) -> None:
    fake = FakeAri()

    def answer(channel: FakeChannel) -> None:
        channel.packets_per_look = 0
        fake.answer(channel.id)

    fake.on_originate = answer
    async with dialer(postgres, tmp_path, fake=fake) as room:
        result, told = await ended(room, await room.send(request()))
    assert result == NOT_DELIVERED
    assert "no sound went out" in told["notdelivered"]


async def test_a_busy_number_is_tried_again_before_the_message_has_failed(postgres: str, tmp_path: Path) -> None:
    fake = FakeAri()
    fake.on_originate = lambda channel: fake.hang_up(channel.id, 17)
    async with dialer(postgres, tmp_path, snapshot(tries=2), fake=fake) as room:
        answer = await room.send(request())
        result, _ = await ended(room, answer)
        (row,) = await sql(room.room.database, "SELECT tries FROM calls")
    assert (result, row["tries"]) == (NOT_DELIVERED, 2)


async def test_a_hang_up_counts_by_how_much_was_heard(postgres: str, tmp_path: Path) -> None:
    fake = FakeAri()
    answering(fake)
    fake.media_seconds["sound:test.message"] = None
    async with dialer(postgres, tmp_path, fake=fake) as room:
        early = await room.send(request())
        await fake.until(lambda: fake.played == ["sound:test.message"], timeout=15)
        fake.hang_up(next(iter(fake.channels)))
        assert await ended(room, early) == (NOT_DELIVERED, {"notdelivered": "hung up too early"})
        late = await room.send(request())
        # It looks at what is sent when the message begins, and once it was heard for so long.
        await fake.asked("GET", "channels/.*/rtp_statistics", count=3, timeout=15)
        fake.hang_up(next(iter(fake.channels)))
        assert await ended(room, late) == (PASSED, {"delivered": "long-enough", "deliveredto": "human"})
