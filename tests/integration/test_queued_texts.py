"""The texts that a sequence queues on a call: each visit of a step is a text, a step that a crash repeats is not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from controller.directory.snapshot import Did, Snapshot
from controller.ivr.compiled import compile_ivr
from controller.ivr.model import AfterSequence, Choice, Destination, Ivr, Sequence, TextStep
from controller.texts.consent import OptOuts
from controller.texts.model.order import Refused, TextOrder
from controller.texts.service import Texts
from controller.texts.store.opt_outs import OptOut
from tests.support.calls import KEY, calls_room, snapshot
from tests.support.fake_ari import FakeAri
from tests.support.patience import LONGEST_WAIT

NUMBER = "+12015550101"
CHOOSE = "say:Choose."


def texting() -> Snapshot:
    """A number whose IVR queues a text whenever nothing is pressed, and begins again."""
    text = Sequence("text", (TextStep(NUMBER, "+12015550110", "Hi"),), AfterSequence.BACK_TO_IVR)
    menu = Ivr(
        "menu",
        None,
        "Choose.",
        (Choice("1", Destination.parse("sys:busy")),),
        timeout=0.05,
        repeat=0,
        no_input=Destination.parse("sequence:text"),
    )
    program = compile_ivr("menu", {"menu": menu}, {"text": text}, {})
    did = Did(NUMBER, voice=KEY, sms=KEY, script_source=program.source, program=program, ivr=menu)
    return replace(snapshot({}), dids={NUMBER: did})


async def _texts(postgres: str) -> list[str]:
    connection = await asyncpg.connect(postgres)
    try:
        return [row["body"] for row in await connection.fetch("SELECT body FROM texts ORDER BY queued_at")]
    finally:
        await connection.close()


async def test_a_step_that_is_come_to_again_queues_its_text_again(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, texting()) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: fake.played.count(CHOOSE) == 4)
        fake.hang_up(channel)
        await room.idle()
        assert await _texts(postgres) == ["Hi"] * 3


async def test_a_text_that_was_queued_when_the_controller_died_is_not_queued_again(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = asyncio.Event()
    queue = Texts.queue_for_call

    async def queue_and_die(self: Texts, order: TextOrder, queue_id: int, timeout: float) -> Refused | None:
        await queue(self, order, queue_id, timeout)
        queued.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with FakeAri() as fake:
        with monkeypatch.context() as patch:
            patch.setattr(Texts, "queue_for_call", queue_and_die)
            async with calls_room(fake, postgres, texting()):
                channel = fake.incoming_call()
                await asyncio.wait_for(queued.wait(), LONGEST_WAIT)
        fake.drop_connection()
        async with calls_room(fake, postgres, texting()) as room:
            await fake.until(lambda: fake.played.count(CHOOSE) == 3)
            fake.hang_up(channel)
            await room.idle()
        assert await _texts(postgres) == ["Hi"] * 2


async def test_a_text_to_who_has_opted_out_is_not_queued_and_the_call_goes_on(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, texting()) as room:
        await OptOuts(room.database).add(OptOut(KEY.name, "+12015550110", source="text"))
        channel = fake.incoming_call()
        await fake.until(lambda: fake.played.count(CHOOSE) == 3)
        fake.hang_up(channel)
        await room.idle()
        assert await _texts(postgres) == []
