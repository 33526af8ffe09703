"""What a call meets in Asterisk itself: the way to the controller, and what happens when there is none."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from controller.asterisk.ami import AmiClient
from controller.errors import PortInUse
from controller.programs import ProgramTree
from controller.softphone.text_phone import TextPhone
from controller.texts.intake.message import sip_text, spool_time
from tests.support.asterisk import PHONE_PASSWORD, TRUNK_ADDRESS, VOICE_NUMBER, RunningAsterisk, running_asterisk
from tests.support.patience import LONGEST_WAIT
from tests.support.ports import free_port
from tests.support.sipp import SippRun, sipp
from tests.support.tones import write_tone


class Controller:
    """Somebody who takes calls through ARI."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def event(self, kind: str) -> dict[str, Any]:
        """The next event of that kind."""
        async with asyncio.timeout(LONGEST_WAIT):
            while True:
                event: dict[str, Any] = json.loads(await self.socket.receive_str())
                if event["type"] == kind:
                    return event

    async def request(self, method: str, uri: str, **query: str) -> None:
        """Send one request over the socket."""
        pairs = [{"name": name, "value": value} for name, value in query.items()]
        message = {"type": "RESTRequest", "request_id": uri, "method": method, "uri": uri, "query_strings": pairs}
        await self.socket.send_str(json.dumps(message))


@asynccontextmanager
async def controller(asterisk: RunningAsterisk) -> AsyncIterator[Controller]:
    """A controller that is connected while the block runs."""
    known = asterisk.configuration
    login = {"Authorization": aiohttp.encode_basic_auth(known.ari_username, known.ari_password)}
    async with (
        aiohttp.ClientSession(headers=login) as session,
        session.ws_connect(f"{asterisk.ari_url}/ari/events?app={known.application}") as socket,
    ):
        yield Controller(socket)


async def _rings(asterisk: RunningAsterisk) -> None:
    """Wait until Asterisk has a channel."""
    async with asyncio.timeout(LONGEST_WAIT):
        while not await asterisk.channels():
            await asyncio.sleep(0.05)


async def from_trunk(tools: ProgramTree, asterisk: RunningAsterisk, scenario: str, **options: Any) -> SippRun:
    """A scenario run by the carrier."""
    return await sipp(tools, scenario, ("127.0.0.1", asterisk.sip_port), address=TRUNK_ADDRESS, **options)


async def test_the_embedded_asterisk_loads_every_module_without_complaint(asterisk: RunningAsterisk) -> None:
    complaints = [line for line in asterisk.log.splitlines() if "loader.c" in line and "NOTICE" not in line]

    assert complaints == []


async def test_a_call_reaches_the_controller_with_the_number_dialled(
    tools: ProgramTree, asterisk: RunningAsterisk
) -> None:
    async with controller(asterisk) as connected:
        call = asyncio.create_task(
            from_trunk(tools, asterisk, "invite-expect-answer-then-bye", called="+12015550101", user="13125550199")
        )
        event = await connected.event("StasisStart")
        await connected.request("POST", f"channels/{event['channel']['id']}/answer")
        await connected.request("DELETE", f"channels/{event['channel']['id']}")
        run = await call

    assert run, run.output
    assert event["args"][:3] == ["incoming", "+12015550101", "allowed_not_screened"]
    assert event["channel"]["caller"]["number"] == "13125550199"


@pytest.mark.parametrize("dialled", ["+12015550101", "12015550101", "2015550101"])
async def test_without_a_controller_a_caller_hears_the_announcement(
    tools: ProgramTree, asterisk: RunningAsterisk, dialled: str
) -> None:
    run = await from_trunk(tools, asterisk, "invite-expect-answer-then-bye", called=dialled)

    assert run, run.output
    assert "Q.850;cause=41" in run.messages


@pytest.mark.parametrize("dialled", ["13125550100", "911", "+49301234567"])
async def test_without_a_controller_a_number_that_is_not_ours_is_not_found(
    tools: ProgramTree, asterisk: RunningAsterisk, dialled: str
) -> None:
    run = await from_trunk(tools, asterisk, "invite-expect-404", called=dialled)

    assert run, run.output


async def test_a_call_whose_controller_is_gone_falls_out_to_the_announcement(tools: ProgramTree) -> None:
    async with running_asterisk(tools, lease_seconds=2) as asterisk:
        async with controller(asterisk) as connected:
            call = asyncio.create_task(from_trunk(tools, asterisk, "invite-expect-answer-then-bye"))
            event = await connected.event("StasisStart")
            await connected.request("POST", f"channels/{event['channel']['id']}/answer")
            await connected.event("RESTResponse")

        run = await call

    assert run, run.output
    assert "Q.850;cause=41" in run.messages


async def test_a_call_rings_until_a_controller_is_there(tools: ProgramTree) -> None:
    async with running_asterisk(tools, wait_for_controller_seconds=30) as asterisk:
        call = asyncio.create_task(
            from_trunk(tools, asterisk, "invite-expect-answer-then-bye", called="+12015550101", user="13125550199")
        )
        await _rings(asterisk)
        async with controller(asterisk) as connected:
            event = await connected.event("StasisStart")
            await connected.request("POST", f"channels/{event['channel']['id']}/answer")
            await connected.request("DELETE", f"channels/{event['channel']['id']}")
            run = await call

    assert run, run.output
    assert "SIP/2.0 180 Ringing" in run.messages
    assert "Q.850;cause=41" not in run.messages


async def test_a_call_that_has_rung_long_enough_hears_the_announcement(tools: ProgramTree) -> None:
    async with running_asterisk(tools, wait_for_controller_seconds=1) as asterisk:
        run = await from_trunk(tools, asterisk, "invite-expect-answer-then-bye", called="+12015550101")

    assert run, run.output
    assert run.messages.index("SIP/2.0 180 Ringing") < run.messages.index("Q.850;cause=41")


async def test_a_call_stays_while_the_controller_renews_its_lease(tools: ProgramTree) -> None:
    async with running_asterisk(tools, lease_seconds=2) as asterisk, controller(asterisk) as connected:
        call = asyncio.create_task(from_trunk(tools, asterisk, "invite-expect-answer-then-bye"))
        channel = (await connected.event("StasisStart"))["channel"]["id"]
        await connected.request("POST", f"channels/{channel}/answer")
        await connected.request("POST", f"channels/{channel}/variable", variable="TIMEOUT(absolute)", value="60")
        await connected.event("RESTResponse")
        done, _ = await asyncio.wait({call}, timeout=3)
        await connected.request("DELETE", f"channels/{channel}")
        run = await call

    assert not done
    assert run, run.output
    assert "Q.850;cause=41" not in run.messages


async def test_a_call_that_the_controller_lets_go_hears_the_announcement(
    tools: ProgramTree, asterisk: RunningAsterisk
) -> None:
    async with controller(asterisk) as connected:
        call = asyncio.create_task(from_trunk(tools, asterisk, "invite-expect-answer-then-bye"))
        channel = (await connected.event("StasisStart"))["channel"]["id"]
        await connected.request(
            "POST", f"channels/{channel}/continue", context="ringpost-unavailable", extension="s", priority="1"
        )
        run = await call

    assert run, run.output
    assert "Q.850;cause=41" in run.messages


async def test_a_controller_refuses_a_number_with_404(tools: ProgramTree, asterisk: RunningAsterisk) -> None:
    async with controller(asterisk) as connected:
        call = asyncio.create_task(from_trunk(tools, asterisk, "invite-expect-404", called="13125550100"))
        channel = (await connected.event("StasisStart"))["channel"]["id"]
        await connected.request("DELETE", f"channels/{channel}", reason_code="1")
        run = await call

    assert run, run.output


async def test_a_text_that_no_controller_takes_waits_in_asterisk(asterisk: RunningAsterisk) -> None:
    known = asterisk.configuration
    ami = AmiClient(host="127.0.0.1", port=known.ami_port, username=known.ami_username, secret=known.ami_password)
    running = asyncio.create_task(ami.run())
    try:
        await ami.wait_ready(LONGEST_WAIT)
        async with TextPhone(("127.0.0.1", asterisk.sip_port), user="12125550123", local=(TRUNK_ADDRESS, 0)) as phone:
            assert await phone.send(VOICE_NUMBER, "Hello") == 202
            assert await phone.send("12015550199", "Hello") == 404
        async with asyncio.timeout(LONGEST_WAIT):
            while not (spooled := await ami.database_tree("ringpost-text")):
                await asyncio.sleep(0.05)
        ((key, fields),) = spooled.items()
        text = sip_text(fields.split(","), spool_time(key))
        assert (text.trunk, text.did, text.body) == ("carrier", VOICE_NUMBER, b"Hello")
        await ami.database_delete("ringpost-text", key)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_a_phone_registers_with_its_password(
    tools: ProgramTree, asterisk: RunningAsterisk, transport: str
) -> None:
    run = await sipp(
        tools,
        "register-expect-200",
        ("127.0.0.1", asterisk.sip_port),
        user="alice",
        username="alice",
        password=PHONE_PASSWORD,
        transport=transport,
    )

    assert run, run.output


@pytest.mark.parametrize(("user", "username"), [("alice", "alice"), ("carrier", "carrier"), ("nobody", "nobody")])
async def test_a_wrong_password_registers_nobody(
    tools: ProgramTree, asterisk: RunningAsterisk, user: str, username: str
) -> None:
    run = await sipp(
        tools,
        "register-expect-refusal",
        ("127.0.0.1", asterisk.sip_port),
        user=user,
        username=username,
        password="wrong",
    )

    assert run, run.output


@pytest.mark.parametrize("user", ["anonymous", "alice", "carrier", "+12015550101"])
async def test_a_stranger_who_claims_to_be_somebody_gets_nothing(
    tools: ProgramTree, asterisk: RunningAsterisk, user: str
) -> None:
    async with controller(asterisk) as connected:
        run = await sipp(tools, "invite-expect-401", ("127.0.0.1", asterisk.sip_port), user=user, address="127.0.0.3")
        await connected.request("GET", "channels")
        channels = await connected.event("RESTResponse")

    assert run, run.output
    # The channel of all texts stays, once there was one.
    names = [channel["name"] for channel in json.loads(channels["message_body"])]
    assert [name for name in names if not name.startswith("Message/")] == []


async def test_a_phone_at_the_carriers_address_is_still_a_phone(tools: ProgramTree, asterisk: RunningAsterisk) -> None:
    async with controller(asterisk) as connected:
        call = asyncio.create_task(
            from_trunk(
                tools,
                asterisk,
                "phone-invite-expect-answer-then-bye",
                user="alice",
                username="alice",
                password=PHONE_PASSWORD,
            )
        )
        event = await connected.event("StasisStart")
        await connected.request("POST", f"channels/{event['channel']['id']}/answer")
        await connected.request("DELETE", f"channels/{event['channel']['id']}")
        run = await call

    assert run, run.output
    assert event["channel"]["caller"]["number"] == "+12015550110"


async def test_sounds_are_fetched_over_http_and_played_though_the_folder_has_a_dot(
    tools: ProgramTree, asterisk: RunningAsterisk, tmp_path: Path
) -> None:
    # Asterisk has room for a fetched sound's path by the length of its URL: ours are as long as this one.
    name = "0" * 64
    write_tone(tmp_path / f"{name}.wav", 5, 0.2)
    media = web.Application()
    media.router.add_static("/", tmp_path)
    runner = web.AppRunner(media)
    await runner.setup()
    port = free_port("tcp")
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with controller(asterisk) as connected:
            call = asyncio.create_task(from_trunk(tools, asterisk, "invite-expect-answer-then-bye"))
            channel = (await connected.event("StasisStart"))["channel"]["id"]
            await connected.request("POST", f"channels/{channel}/answer")
            await connected.request(
                "POST", f"channels/{channel}/play", media=f"sound:http://127.0.0.1:{port}/{name}.wav"
            )
            finished = await connected.event("PlaybackFinished")
            await connected.request("DELETE", f"channels/{channel}")
            run = await call
    finally:
        await runner.cleanup()

    assert run, run.output
    assert "." in str(asterisk.server.tree.root)
    assert finished["playback"]["state"] == "done"


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
async def test_an_asterisk_that_does_not_get_its_sip_port_is_not_called_ready(
    tools: ProgramTree, kind: socket.SocketKind
) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        with pytest.raises(PortInUse, match="transport"):
            async with running_asterisk(tools, sip_port=taken.getsockname()[1]):
                pytest.fail("It started without its port.")
