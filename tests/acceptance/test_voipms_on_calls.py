"""A customer's program makes a sequence and an IVR over the VoIP.ms interface, and the gate opens on the next call."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from controller.programs import ProgramTree
from tests.support.asterisk import RunningAsterisk
from tests.support.house import KEY
from tests.support.live import LiveHouse, hear_out, live_house
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import Ear
from tests.support.voipms import Client

MENU, OPENED = range(2)
NUMBER = "2015550102"


@pytest.fixture(scope="module")
async def live(
    asterisk: RunningAsterisk, tools: ProgramTree, fresh_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveHouse]:
    folder = tmp_path_factory.mktemp("voipms")
    sounds = {"menu": MENU, "opened": OPENED}
    async with live_house(folder, asterisk, tools, fresh_database, sounds=sounds, scripts={}) as running:
        yield running


async def press_one(live: LiveHouse) -> tuple[list[str], str]:
    """Call the number and press 1: the keys that came back, and who ended the call."""
    call = await live.phone.dial(f"1{NUMBER}", caller="12015580999")
    ear = Ear(call)
    await hear_out(ear, MENU)
    await call.press("1")
    ending = await call.ended(LONGEST_WAIT)
    await ear.hear(OPENED)
    return [key.key for key in call.keys], ending.by


async def test_a_sequence_that_a_program_made_opens_the_gate_and_a_changed_one_counts_at_the_next_call(
    live: LiveHouse,
) -> None:
    async with aiohttp.ClientSession() as session:
        client = Client(session, f"{live.house.url}/api/v1/rest.php", "acme@example.com", KEY)
        listed = (await client.call("getRecordings"))["recordings"]
        sounds = {recording["description"]: recording["value"] for recording in listed}
        steps: list[dict[str, Any]] = [{"type": "dtmf", "codes": "9w#"}, {"type": "rec", "id": sounds["opened"]}]
        sequence = (await client.call("setSequences", name="Gate", steps=json.dumps(steps)))["sequence"]
        menu = {"name": "Door", "recording": sounds["menu"], "timeout": 3, "language": "en", "voicemailsetup": 1}
        ivr = (await client.call("setIVR", **menu, choices=f"1=seq:{sequence};2=sys:busy"))["ivr"]
        order = {"did": NUMBER, "routing": f"ivr:{ivr}", "pop": 1, "dialtime": 60, "cnam": 0, "billing_type": 1}
        assert await client.status("orderDID", **order) == "success"
        assert await press_one(live) == (["9", "#"], "them")
        steps[0]["codes"] = "58"
        # One client sends Python's spelling of a list.
        assert await client.status("setSequences", sequence=sequence, name="Gate", steps=steps) == "success"
        assert await press_one(live) == (["5", "8"], "them")
