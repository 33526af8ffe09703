"""Opt-outs and calls: a key pressed in a call is one, and a key may say that one covers its calls."""

from __future__ import annotations

from dataclasses import replace

import asyncpg
import pytest

from controller.calls.model.order import Order
from controller.calls.model.response_codes import ResponseCode
from controller.directory.snapshot import Snapshot
from controller.directory.text_settings import TextSettings
from controller.errors import NotificationRefused
from tests.support.calls import KEY, calls_room, snapshot
from tests.support.fake_ari import FakeAri

NUMBER = "+12015550101"


async def opt_outs(postgres: str) -> list[tuple[str, str, str]]:
    connection = await asyncpg.connect(postgres)
    try:
        return [tuple(row) for row in await connection.fetch("SELECT license_key, number, source FROM opt_outs")]
    finally:
        await connection.close()


def covering() -> Snapshot:
    known = snapshot({NUMBER: "Hello."})
    key = replace(KEY, texts=TextSettings(opt_out_covers_calls=True))
    dids = {number: replace(did, voice=key, sms=key) for number, did in known.dids.items()}
    return replace(known, license_keys={key.name: key}, dids=dids)


async def test_a_caller_opts_out_by_a_key(postgres: str) -> None:
    script = r"~\AssignDTMF(9|stop)~ Press 9. ~\WaitForDTMF(5)~ ~\EndCall()~ ~\Label(stop)~ ~\OptOut()~ Goodbye."
    async with FakeAri() as fake, calls_room(fake, postgres, snapshot({NUMBER: script})) as room:
        channel = fake.incoming_call()
        await fake.until(lambda: "say:Press 9." in fake.played)
        fake.press(channel, "9")
        await fake.until(lambda: "say:Goodbye." in fake.played)
        await room.idle()
    assert await opt_outs(postgres) == [("acme", "+12015550199", "call")]


async def test_who_opted_out_is_not_called_where_the_key_says_so(postgres: str) -> None:
    async with FakeAri() as fake, calls_room(fake, postgres, covering()) as room:
        key = room.directory.snapshot.license_keys[KEY.name]
        connection = await asyncpg.connect(postgres)
        try:
            await connection.execute(
                "INSERT INTO opt_outs (license_key, number, source) VALUES ('acme', '+12125550123', 'text')"
            )
        finally:
            await connection.close()
        with pytest.raises(NotificationRefused) as refused:
            await room.notifications.take(Order("12125550123", "Hello."), key)
        assert refused.value.code == ResponseCode.CALL_FORBIDDEN
        await room.notifications.take(Order("12125550124", "Hello."), key)
