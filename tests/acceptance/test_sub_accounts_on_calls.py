"""Phones that a program made, on the whole system: they register, call and are called, are recorded, and show
what waits in their mailbox.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from controller.api.voipms.dates import ZONE
from controller.config.load import SECRETS_FILE
from controller.directory.secrets import Secrets
from controller.errors import CallRefused
from controller.programs import ProgramTree
from controller.softphone.phone import Softphone
from controller.softphone.registration import Account, Registration
from tests.support.live import loud_spans
from tests.support.patience import LONGEST_WAIT, until
from tests.support.ports import free_port
from tests.support.sip_peer import SipPeer, sip_peer
from tests.support.tones import Ear, tone
from tests.support.voipms import Client
from tests.support.whole_system import WholeSystem, whole_system

NUMBER, CARRIER, PHONE_ADDRESS = "2015550104", "127.0.0.2", "127.0.0.3"
PHONE = Account("demo_desk", "S3cret-word")
NEW = {
    "username": "desk",
    "protocol": 1,
    "description": "the desk",
    "auth_type": 1,
    "password": PHONE.password,
    "device_type": 2,
    "lock_international": 1,
    "international_route": 1,
    "music_on_hold": "default",
    "allowed_codecs": "ulaw",
    "dtmf_mode": "auto",
    "nat": "yes",
    "record_calls": 1,
    "internal_voicemail": "101",
}
VOICE = 3


@dataclass
class Desk:
    """The system, the customer's program, and how the phone's program is started."""

    system: WholeSystem
    client: Client
    sipp: list[str]

    @property
    def server(self) -> tuple[str, int]:
        return "127.0.0.1", self.system.sip_port

    async def register(self, port: int, expires: int = 300) -> None:
        """Register, when Asterisk knows the phone."""
        registration = Registration(PHONE, self.server, (PHONE_ADDRESS, port))

        async def let_in() -> bool:
            try:
                await registration.send(expires)
            except CallRefused:
                return False
            return True

        await until(let_in)

    async def recorded(self, call_type: str, count: int = 1) -> dict[str, Any]:
        """The newest of the phone's recorded calls of this type, when there are so many."""
        today = datetime.now(ZONE)
        first, last = today - timedelta(days=1), today + timedelta(days=1)
        asked = {"account": "desk", "date_from": f"{first:%Y-%m-%d}", "date_to": f"{last:%Y-%m-%d}"}
        found: list[dict[str, Any]] = []

        async def listed() -> bool:
            answer = await self.client.call("getCallRecordings", **asked, call_type=call_type)
            found[:] = answer.get("recordings", ())
            return len(found) >= count

        await until(listed)
        return found[0]


@pytest.fixture(scope="module")
async def desk(tools: ProgramTree) -> AsyncIterator[Desk]:
    async with whole_system(tools) as system, aiohttp.ClientSession() as session:
        run = await system.run()
        await run.said("Stop")
        key = Secrets(system.state / SECRETS_FILE).get("license_key.demo")
        client = Client(session, f"http://127.0.0.1:{system.http_port}/api/v1/rest.php", "demo", str(key))
        assert await client.status("createVoicemail", digits="101", name="desk", password="4711") == "success"
        assert (await client.call("createSubAccount", **NEW))["account"] == PHONE.user
        yield Desk(system, client, tools.command("sipp"))
        run.process.terminate()
        await run.ended()


async def summary(peer: SipPeer, wanted: str) -> None:
    """Wait until the phone is told so many new and old messages (RFC 3842), and take each of what it is told."""
    taken = 0
    pattern = re.compile(rf"^Voice-Message: {wanted}\b", re.MULTILINE)
    found = False

    async def told() -> bool:
        nonlocal taken, found
        for request in peer.requests[taken:]:
            taken += 1
            peer.reply(request, "200 OK")
            if request.method == "NOTIFY":
                assert "application/simple-message-summary" in request.text
                found = pattern.search(request.text) is not None
        return found

    await until(told)


async def test_a_phone_registers_calls_and_shows_what_its_mailbox_holds(desk: Desk) -> None:
    assert await desk.client.status("setDIDRouting", did=NUMBER, routing="vm:101") == "success"
    port = free_port("udp", host=PHONE_ADDRESS)
    await desk.register(port)
    async with (
        sip_peer(PHONE_ADDRESS, desk.server, sip_port=port) as shown,
        Softphone(desk.sipp, server=desk.server, local_host=PHONE_ADDRESS, account=PHONE) as phone,
    ):
        await summary(shown, "0/0")
        call = await phone.dial(f"1{NUMBER}", caller=PHONE.user)
        # The greeting and the beep are over when nothing is heard for a second; what is said then is a message.
        while not (spans := loud_spans(call.audio)) or call.now - spans[-1][1] < 1.0:
            await call.more_audio(0.5)
        await call.play(tone(VOICE, 2.0))
        said = call.now + 2.5
        while call.now < said:
            await call.more_audio(0.5)
        await call.hang_up()
        await summary(shown, "1/0")
        (message,) = (await desk.client.call("getVoicemailMessages", mailbox="101"))["messages"]
        which = {"mailbox": "101", "folder": message["folder"], "message_num": message["message_num"]}
        assert await desk.client.status("markListenedVoicemailMessage", **which, listened="yes") == "success"
        await summary(shown, "0/1")
        assert await desk.client.status("delMessages", **which) == "success"
        await summary(shown, "0/0")
    row = await desk.recorded("outgoing")
    assert (row["destination"], row["subaccount"]) == (NUMBER, PHONE.user)


async def test_a_phone_is_called_alone_and_in_a_group_and_its_calls_are_recorded(desk: Desk) -> None:
    alone = f"account:{PHONE.user}"
    group = await desk.client.call("setRingGroup", name="all", members=f"{alone};account:alice")
    await desk.register(free_port("udp", host=PHONE_ADDRESS))
    async with (
        Softphone(desk.sipp, server=desk.server, local_host=CARRIER) as carrier,
        Softphone(desk.sipp, server=desk.server, local_host=PHONE_ADDRESS, account=PHONE) as phone,
        phone.answering(register=True) as line,
    ):

        async def registered() -> bool:
            return bool((await desk.client.call("getRegistrationStatus", account="desk"))["registered"] == "yes")

        await until(registered)
        for count, routing in enumerate((alone, f"grp:{group['ring_group']}"), start=1):
            assert await desk.client.status("setDIDRouting", did=NUMBER, routing=routing) == "success"
            call = await carrier.dial(f"1{NUMBER}", caller="12015580001", until="sent")
            callee = await line.next_call(LONGEST_WAIT)
            await callee.answer()
            ear = Ear(callee)
            await call.play(tone(VOICE, 8.0))
            await ear.hear(VOICE)
            await callee.hang_up()
            await call.ended(LONGEST_WAIT)
            row = await desk.recorded("incoming", count)
            assert (row["destination"], row["subaccount"]) == (NUMBER, PHONE.user)
