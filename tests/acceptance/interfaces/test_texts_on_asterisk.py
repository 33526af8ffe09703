"""A text on a real Asterisk: sent over ARI, mirrored by HEP, taken in over FastAGI, spooled when nobody took it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest

from controller.asterisk.ami import AmiClient
from controller.asterisk.ari.client import AriClient
from controller.asterisk.fastagi import AgiRequest, FastAgiServer
from controller.asterisk.hep import CapturedSipMessage, HepPacket, HepReceiver
from tests.support.bare_asterisk import BareAsterisk
from tests.support.patience import LONGEST_WAIT

BODY = 'two lines\nand "quotes", ü€ %41+'


@pytest.fixture
async def mirrored(bare_asterisk: BareAsterisk) -> AsyncIterator[asyncio.Queue[CapturedSipMessage]]:
    messages: asyncio.Queue[CapturedSipMessage] = asyncio.Queue()

    def take(_packet: HepPacket, message: CapturedSipMessage) -> None:
        messages.put_nowait(message)

    receiver = HepReceiver()
    receiver.on_sip(take)
    await receiver.start(port=bare_asterisk.hep_port)
    yield messages
    receiver.stop()


async def send(asterisk: BareAsterisk, ari: AriClient, text_id: str, number: str) -> None:
    await ari.wait_connected(LONGEST_WAIT)
    await ari.endpoints.send_message(
        to=f"pjsip:itself/sip:{number}@127.0.0.1:{asterisk.sip_port}",
        sender="sip:12015550199@127.0.0.1",
        body=BODY,
        variables={"X-Ringpost-Id": text_id},
    )


async def test_a_text_is_taken_in_and_its_fate_is_told(
    bare_asterisk: BareAsterisk, ari: AriClient, mirrored: asyncio.Queue[CapturedSipMessage]
) -> None:
    taken: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()

    async def take(request: AgiRequest) -> None:
        call_id = await request.get_variable("${MESSAGE_DATA(Call-ID)}")
        await request.set_variable("STORED", "yes")
        taken.put_nowait((*request.arguments, call_id))

    server = FastAgiServer(port=bare_asterisk.agi_port)
    server.route("text", take)
    await server.start()
    try:
        await send(bare_asterisk, ari, "t1", "12015550101")
        number, sender, body, call_id = await asyncio.wait_for(taken.get(), LONGEST_WAIT)
    finally:
        await server.stop()
    assert (number, sender) == ("12015550101", "<sip:12015550199@127.0.0.1>")
    assert base64.b64decode(body).decode() == BODY

    request = await asyncio.wait_for(mirrored.get(), LONGEST_WAIT)
    assert (request.method, request.header("X-Ringpost-Id"), request.call_id) == ("MESSAGE", "t1", call_id)
    assert request.body.decode() == BODY
    answer = await asyncio.wait_for(mirrored.get(), LONGEST_WAIT)
    while answer.is_request:
        answer = await asyncio.wait_for(mirrored.get(), LONGEST_WAIT)
    assert (answer.status, answer.call_id, answer.cseq_method) == (202, call_id, "MESSAGE")


async def test_a_text_that_nobody_took_waits_in_asterisks_database(
    bare_asterisk: BareAsterisk, ari: AriClient, ami: AmiClient
) -> None:
    await send(bare_asterisk, ari, "t2", "12015550102")
    async with asyncio.timeout(LONGEST_WAIT):
        while not (spooled := await ami.database_tree("spool")):
            pass
    assert base64.b64decode(spooled["12015550102"]).decode() == BODY
    await ami.database_delete("spool", "12015550102")
